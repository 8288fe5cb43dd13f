import { ErrorMessage } from "@/components/error-message";
import { PageHeading } from "@/components/page-heading";
import { Cover } from "@/components/cover";
import { useBook } from "@/features/books/api/get-book";
import { BookDetails } from "@/features/books/components/book-details";
import { BookHeading } from "@/features/books/components/book-heading";
import { BookSkeleton } from "@/features/books/components/book-skeleton";
import { RelatedBooks } from "@/features/books/components/related-books";
import { Purchase } from "@/features/orders/components/purchase";
import { usePageTitle } from "@/hooks/use-page-title";
import type { Book } from "@/lib/api/client";
import { isApiError } from "@/lib/api/api-error";
import { useParams } from "react-router";
import { NotFound } from "../not-found";

export default function BookRoute() {
  const { bookId = "" } = useParams();
  if (!/^[1-9]\d{0,15}$/.test(bookId)) return <NotFound what="book" />;
  return <BookPage key={bookId} id={Number(bookId)} />;
}

function BookPage({ id }: { id: number }) {
  const { data: book, error, refetch } = useBook(id);
  if (book) return <LoadedBook book={book} />;
  if (isApiError(error, 404)) return <NotFound what="book" />;
  if (error) return <BookError error={error} onRetry={() => void refetch()} />;
  return <LoadingBook />;
}

function BookError(props: { error: unknown; onRetry: () => void }) {
  usePageTitle("This book could not be loaded");
  return (
    <div className="my-12 grid gap-8">
      <PageHeading className="text-[2.25rem]">This book could not be loaded</PageHeading>
      <ErrorMessage {...props} />
    </div>
  );
}

function LoadingBook() {
  usePageTitle("Book", true);
  return (
    <div className={LAYOUT}>
      <BookSkeleton />
    </div>
  );
}

const LAYOUT =
  "grid grid-cols-[minmax(0,1fr)] gap-x-14 gap-y-10 pt-4 md:grid-cols-[minmax(0,5fr)_minmax(0,7fr)] lg:gap-x-24 lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]";

function LoadedBook({ book }: { book: Book }) {
  usePageTitle(book.title);
  return (
    <>
      <article className={LAYOUT}>
        <div>
          <div className="md:sticky md:top-32">
            <Cover
              eager
              url={book.url}
              alt={`Cover of ${book.title}`}
              className="shadow-book-up max-md:mx-auto max-md:w-1/2"
            />
          </div>
        </div>
        <div>
          <BookHeading book={book} />
          <Purchase book={book} />
          <div className="mt-14">
            <BookDetails book={book} />
          </div>
        </div>
      </article>
      <RelatedBooks book={book} />
    </>
  );
}
