import { PageHeading } from "@/components/page-heading";
import { Problem } from "@/components/problem";
import { announce } from "@/lib/messages";
import { count } from "@/lib/format";
import { useCallback, useEffect, useRef } from "react";
import { PAGE_SIZE, useBooks } from "../api/get-books";
import { headline } from "../filters";
import { useFilters } from "../use-filters";
import { ActiveFilters } from "./active-filters";
import { BookGrid, BookGridSkeleton } from "./book-grid";
import { MoreBooks } from "./more-books";
import { NoBooks } from "./no-books";
import { Toolbar } from "./toolbar";

/** The list that the filters leave. */
export function Shelf() {
  const { filters } = useFilters();
  const found = useBooks(filters);
  const { fetchNextPage, isPlaceholderData } = found;
  const total = isPlaceholderData ? undefined : found.data?.total;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  useEffect(() => {
    if (total !== undefined) announce(`${count(total, "book")} found`);
  }, [total, filters]);

  const section = useRef<HTMLElement>(null);
  const awaited = useRef<number | null>(null);
  const shown = found.data?.books.length ?? 0;
  useEffect(() => {
    awaited.current = null;
  }, [filters]);
  useEffect(() => {
    // Who asked for more goes on at the first of them.
    if (awaited.current === null || shown <= awaited.current) return;
    const first = section.current?.querySelectorAll("article")[awaited.current];
    first?.querySelector("a")?.focus();
    awaited.current = null;
  }, [shown]);

  return (
    <section ref={section} aria-labelledby="shelf">
      <div className="grid min-h-[6.5rem] items-end gap-x-8 gap-y-4 sm:grid-cols-[1fr_auto]">
        <div>
          <p className="min-h-5 kicker">{total !== undefined && count(total, "book")}</p>
          <PageHeading
            id="shelf"
            className="mt-1 line-clamp-2 text-[clamp(2.25rem,1.4rem+3vw,3.5rem)] font-[350] tracking-[-0.022em] wrap-anywhere"
          >
            {headline(filters)}
          </PageHeading>
        </div>
        <Toolbar total={total} />
      </div>
      <div className="mt-4 mb-7 min-h-8">
        <ActiveFilters />
      </div>
      {found.isPending && <BookGridSkeleton books={PAGE_SIZE} />}
      {found.isError && !found.data && (
        <Problem error={found.error} onRetry={() => void found.refetch()} />
      )}
      {found.data && total === 0 && <NoBooks />}
      {/* Another list is made of other cards: one that is in both would jump to its new place. */}
      {found.data && (
        <BookGrid key={found.data.list} books={found.data.books} busy={isPlaceholderData} />
      )}
      {/* A new one after each page: the old one would be seen to jump down. */}
      {found.hasNextPage && !isPlaceholderData && (
        <MoreBooks
          key={shown}
          loading={found.isFetchingNextPage}
          failed={found.isFetchNextPageError}
          onMore={more}
          onPressed={() => {
            awaited.current = shown;
          }}
        />
      )}
      {found.isFetchingNextPage && (
        <div className="mt-10">
          <BookGridSkeleton books={4} />
        </div>
      )}
    </section>
  );
}
