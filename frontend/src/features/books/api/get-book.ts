import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { queryOptions, useQuery } from "@tanstack/react-query";

export const bookOptions = (id: number) =>
  queryOptions({
    queryKey: ["book", id],
    queryFn: async ({ signal }) => {
      const call = api.books.GET("/books/{book_id}", { params: { path: { book_id: id } }, signal });
      return (await unwrap(call)).data;
    },
    // Price and stock change: look again whenever the page is opened, show the known book meanwhile.
    staleTime: 0,
  });

export const useBook = (id: number) => useQuery(bookOptions(id));
