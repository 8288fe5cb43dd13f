import { Cover } from "@/components/cover";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { cn } from "@/lib/utils";
import { formatMoney } from "@/lib/format";
import { Link } from "react-router";
import { isLowStock, describeStock } from "@/lib/stock";

export function BookCard({ book }: { book: Book }) {
  const isSoldOut = book.quantity <= 0;
  return (
    <article className="group relative">
      <Cover
        url={book.url}
        className={cn(
          "transition-[translate,box-shadow] duration-300 ease-page group-focus-within:-translate-y-1.5 group-focus-within:shadow-book-up group-hover:-translate-y-1.5 group-hover:shadow-book-up",
          isSoldOut && "opacity-60 saturate-50",
        )}
      />
      <div className="mt-3.5 min-h-[7.25rem]">
        <h2 className="line-clamp-2 text-[1.1875rem] leading-[1.22] tracking-normal">
          <Link
            to={paths.book(book.book_id)}
            className="decoration-rubric decoration-1 underline-offset-3 group-hover:underline after:absolute after:inset-0 after:rounded-sm focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-offset-6 focus-visible:after:outline-rubric"
          >
            {book.title}
          </Link>
        </h2>
        <p className="mt-1 truncate text-sm text-muted-foreground">{book.authors}</p>
        <p className="mt-1 flex flex-wrap items-baseline gap-x-2.5 text-sm">
          <span className="font-serif text-[1.125rem] tabular-nums">{formatMoney(book.price)}</span>
          {(isSoldOut || isLowStock(book.quantity)) && (
            <span className={isSoldOut ? "text-muted-foreground" : "text-rubric"}>
              {describeStock(book.quantity)}
            </span>
          )}
        </p>
      </div>
    </article>
  );
}
