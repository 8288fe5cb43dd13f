import { api, type Book } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

const bookOptions = (id: number) =>
  queryOptions({
    queryKey: ["book", id],
    queryFn: async ({ signal }) => {
      const call = api.books.GET("/books/{book_id}", { params: { path: { book_id: id } }, signal });
      return (await unwrap(call)).data;
    },
    // Price and stock change: look again whenever the page is opened, show the known book meanwhile.
    staleTime: 0,
  });

/** A book that stands in a list that was loaded: enough to show the page at once. */
function findListed(client: QueryClient, id: number): Book | undefined {
  const lists = client.getQueriesData<{ pages: { data: Book[] }[] }>({ queryKey: ["books"] });
  return lists
    .flatMap(([, list]) => list?.pages ?? [])
    .flatMap((page) => page.data)
    .find((book) => book.book_id === id);
}

export function useBook(id: number) {
  const client = useQueryClient();
  return useQuery({ ...bookOptions(id), placeholderData: () => findListed(client, id) });
}
