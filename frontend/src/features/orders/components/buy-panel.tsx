import type { Book } from "@/lib/api/client";
import { cn } from "@/lib/cn";
import { formatMoney } from "@/lib/format";
import type { ReactNode } from "react";
import { isScarce, stockInWords } from "@/lib/stock";

/** A leaf of paper with the price on it. */
export function BuyPanel({ book, children }: { book: Book; children: ReactNode }) {
  return (
    <section
      aria-label="Buy this book"
      className="deckle-below relative mt-9 max-w-[34rem] rounded-t-md bg-paper px-6 pt-6 pb-5 sm:px-8"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-6">
        <p className="font-serif text-[2.125rem] leading-tight tabular-nums">
          {formatMoney(book.price)}
        </p>
        <p
          className={cn(
            "text-base",
            book.quantity > 0 && !isScarce(book.quantity) ? "text-good" : "text-rubric",
          )}
        >
          {stockInWords(book.quantity)}
        </p>
      </div>
      {children}
    </section>
  );
}
