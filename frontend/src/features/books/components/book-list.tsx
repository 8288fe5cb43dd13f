import { PageHeading } from "@/components/page-heading";
import { ErrorMessage } from "@/components/error-message";
import { announce } from "@/lib/messages";
import { count } from "@/lib/format";
import { useCallback, useEffect, useRef } from "react";
import { PAGE_SIZE, useBooks } from "../api/get-books";
import { listTitle } from "../filters";
import { useFilters } from "../use-filters";
import { ActiveFilters } from "./active-filters";
import { BookGrid, BookGridSkeleton } from "./book-grid";
import { LoadMore } from "./load-more";
import { NoResults } from "./no-results";
import { Toolbar } from "./toolbar";

export function BookList() {
  const { filters } = useFilters();
  const books = useBooks(filters);
  const { fetchNextPage, isPlaceholderData } = books;
  const total = isPlaceholderData ? undefined : books.data?.total;
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  useEffect(() => {
    if (total !== undefined) announce(`${count(total, "book")} found`);
  }, [total, filters]);

  const section = useRef<HTMLElement>(null);
  /** The index of the first book that the pressed button will add, which then gets the focus. */
  const focusIndex = useRef<number | null>(null);
  const shownCount = books.data?.books.length ?? 0;
  useEffect(() => {
    focusIndex.current = null;
  }, [filters]);
  useEffect(() => {
    if (focusIndex.current === null || shownCount <= focusIndex.current) return;
    const first = section.current?.querySelectorAll("article")[focusIndex.current];
    first?.querySelector("a")?.focus();
    focusIndex.current = null;
  }, [shownCount]);

  return (
    <section ref={section} aria-labelledby="book-list">
      <div className="grid min-h-[6.5rem] items-end gap-x-8 gap-y-4 sm:grid-cols-[1fr_auto]">
        <div>
          <p className="min-h-5 kicker">{total !== undefined && count(total, "book")}</p>
          <PageHeading
            id="book-list"
            className="mt-1 line-clamp-2 text-[clamp(2.25rem,1.4rem+3vw,3.5rem)] font-[350] tracking-[-0.022em] wrap-anywhere"
          >
            {listTitle(filters)}
          </PageHeading>
        </div>
        <Toolbar total={total} />
      </div>
      <div className="mt-4 mb-7 min-h-8">
        <ActiveFilters />
      </div>
      {books.isPending && <BookGridSkeleton books={PAGE_SIZE} />}
      {books.isError && !books.data && (
        <ErrorMessage error={books.error} onRetry={() => void books.refetch()} />
      )}
      {books.data && total === 0 && <NoResults />}
      {/* A new list gets new cards: a reused one would visibly jump to its new place. */}
      {books.data && (
        <BookGrid key={books.data.list} books={books.data.books} busy={isPlaceholderData} />
      )}
      {/* A new element after each page: the old one would visibly jump down. */}
      {books.hasNextPage && !isPlaceholderData && (
        <LoadMore
          key={shownCount}
          loading={books.isFetchingNextPage}
          failed={books.isFetchNextPageError}
          onMore={loadMore}
          onPressed={() => {
            focusIndex.current = shownCount;
          }}
        />
      )}
      {books.isFetchingNextPage && (
        <div className="mt-10">
          <BookGridSkeleton books={4} />
        </div>
      )}
    </section>
  );
}
