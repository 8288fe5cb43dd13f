import { Card } from "@/components/ui/card";
import type { Book } from "@/lib/api/client";
import { formatMoney } from "@/lib/format";
import { describeStock, isLowStock } from "@/lib/stock";
import { cn } from "@/lib/utils";
import type { ReactNode } from "react";

/** The price and stock of a book, with the controls to buy it. */
export function BuyPanel({ book, children }: { book: Book; children: ReactNode }) {
  return (
    <section aria-label="Buy this book" className="mt-9 max-w-[34rem]">
      <Card className="px-6 pt-6 pb-5 sm:px-8">
        <div className="flex flex-wrap items-baseline justify-between gap-x-6">
          <p className="font-serif text-[2.125rem] leading-tight tabular-nums">
            {formatMoney(book.price)}
          </p>
          <p
            className={cn(
              "text-base",
              book.quantity > 0 && !isLowStock(book.quantity) ? "text-success" : "text-rubric",
            )}
          >
            {describeStock(book.quantity)}
          </p>
        </div>
        {children}
      </Card>
    </section>
  );
}
