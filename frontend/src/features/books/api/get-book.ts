import { api, type Book } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

const bookOptions = (id: number) =>
  queryOptions({
    queryKey: ["book", id],
    queryFn: async ({ signal }) => {
      const request = api.books.GET("/books/{book_id}", {
        params: { path: { book_id: id } },
        signal,
      });
      return (await unwrap(request)).data;
    },
    // Price and stock change: fetch the book on every visit and show the cached one meanwhile.
    staleTime: 0,
  });

/** Returns the book from a list that is in the cache, so that its page can be shown at once. */
function findInLists(client: QueryClient, id: number): Book | undefined {
  const lists = client.getQueriesData<{ pages: { data: Book[] }[] }>({ queryKey: ["books"] });
  return lists
    .flatMap(([, list]) => list?.pages ?? [])
    .flatMap((page) => page.data)
    .find((book) => book.book_id === id);
}

export function useBook(id: number) {
  const client = useQueryClient();
  return useQuery({ ...bookOptions(id), placeholderData: () => findInLists(client, id) });
}
