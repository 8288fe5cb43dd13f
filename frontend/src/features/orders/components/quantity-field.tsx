import { QuantityStepper } from "@/components/quantity-stepper";
import type { Book } from "@/lib/api/client";
import { formatMoney, total } from "@/lib/format";

interface QuantityFieldProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
}

export function QuantityField({ book, quantity, onQuantity }: QuantityFieldProps) {
  return (
    <div className="mt-5 flex flex-wrap items-center justify-between gap-4">
      <QuantityStepper
        label="Quantity"
        value={quantity}
        max={book.quantity}
        onChange={onQuantity}
      />
      <p className="text-sm text-muted-foreground">
        Total{" "}
        <output
          aria-label="Total"
          className="ml-1.5 font-serif text-[1.375rem] text-foreground tabular-nums"
        >
          {formatMoney(total(book.price, quantity))}
        </output>
      </p>
    </div>
  );
}
