import { api, type Book } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { Filters } from "../filters";

export const PAGE_SIZE = 12;

const booksOptions = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["books", filters],
    initialPageParam: 1,
    queryFn: async ({ pageParam, signal }) => {
      const params = { query: { ...filters, page: pageParam, limit: PAGE_SIZE } };
      const response = await unwrap(api.books.GET("/books", { params, signal }));
      return { ...response, list: JSON.stringify(filters) };
    },
    getNextPageParam: ({ pagination }) => (pagination.has_more ? pagination.page + 1 : undefined),
    placeholderData: keepPreviousData,
  });

interface Page {
  data: Book[];
  pagination: { total: number };
  list: string;
}

/** Joins the pages. A book appears once, even if the pages have shifted between two requests. */
const flatten = ({ pages }: { pages: Page[] }) => ({
  books: [
    ...new Map(pages.flatMap((page) => page.data).map((book) => [book.book_id, book])).values(),
  ],
  total: pages.at(-1)?.pagination.total ?? 0,
  list: pages[0]?.list,
});

export const useBooks = (filters: Filters) =>
  useInfiniteQuery({ ...booksOptions(filters), select: flatten });
