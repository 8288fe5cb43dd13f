import { Cover } from "@/components/cover";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { Link } from "react-router";
import { useRelatedBooks } from "../api/get-related-books";

/** Other books of the same genre. */
export function RelatedBooks({ book }: { book: Book }) {
  const { data } = useRelatedBooks(book);
  if (!data || data.length === 0) return null;
  return (
    <section aria-labelledby="related-books" className="mt-20 fades border-t border-border pt-8">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6">
        <h2 id="related-books" className="text-[1.75rem]">
          On the same shelf
        </h2>
        <Link
          to={paths.browse({ genre: book.genre })}
          className="inline-flex min-h-9 items-center text-sm underline decoration-input underline-offset-4 hover:decoration-rubric"
        >
          All of {book.genre}
        </Link>
      </div>
      <ul className="mt-6 grid grid-cols-3 gap-x-4 gap-y-6 sm:gap-x-7 md:grid-cols-6">
        {data.map((other) => (
          <li key={other.book_id} className="group relative">
            <Cover
              url={other.url}
              className="transition-[translate,box-shadow] duration-300 ease-page group-focus-within:-translate-y-1 group-hover:-translate-y-1 group-hover:shadow-book-up"
            />
            <Link
              to={paths.book(other.book_id)}
              className="mt-3 block font-serif text-base leading-snug group-hover:underline after:absolute after:inset-0"
            >
              {other.title}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
