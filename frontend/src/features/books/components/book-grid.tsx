import { Skeleton } from "@/components/ui/skeleton";
import type { Book } from "@/lib/api/client";
import { BookCard } from "./book-card";

const GRID =
  "grid grid-cols-2 gap-x-5 gap-y-8 sm:grid-cols-3 sm:gap-x-8 xl:grid-cols-4 xl:gap-x-10 xl:gap-y-10";

export function BookGrid({ books, busy }: { books: Book[]; busy: boolean }) {
  return (
    <ul
      aria-label="Books"
      aria-busy={busy}
      className={`${GRID} transition-opacity duration-200 aria-busy:opacity-50`}
    >
      {books.map((book) => (
        <li key={book.book_id}>
          <BookCard book={book} />
        </li>
      ))}
    </ul>
  );
}

/** Has the size of a loaded grid, so that the layout does not shift. */
export function BookGridSkeleton({ books }: { books: number }) {
  return (
    <div className={GRID}>
      {Array.from({ length: books }, (_, index) => (
        <div key={index}>
          <Skeleton className="aspect-[2/3]" />
          <div className="mt-3.5 min-h-[7.25rem]">
            <Skeleton className="h-5 w-4/5" />
            <Skeleton className="mt-2.5 h-4 w-3/5" />
            <Skeleton className="mt-2.5 h-4 w-1/4" />
          </div>
        </div>
      ))}
    </div>
  );
}
