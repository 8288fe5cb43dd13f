import { Stepper } from "@/components/ui/stepper";
import type { Book } from "@/lib/api/client";
import { formatMoney, total } from "@/lib/format";

interface QuantityRowProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
}

export function QuantityRow({ book, quantity, onQuantity }: QuantityRowProps) {
  return (
    <div className="mt-5 flex flex-wrap items-center justify-between gap-4">
      <Stepper label="Quantity" value={quantity} max={book.quantity} onChange={onQuantity} />
      <p className="text-sm text-soft">
        Total{" "}
        <output
          aria-label="Total"
          className="ml-1.5 font-serif text-[1.375rem] text-ink tabular-nums"
        >
          {formatMoney(total(book.price, quantity))}
        </output>
      </p>
    </div>
  );
}
