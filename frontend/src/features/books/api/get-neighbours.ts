import { api, type Book } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery } from "@tanstack/react-query";

const ROW = 6;

/** Other books of the same genre that can be bought now. */
export const useNeighbours = (book: Book) =>
  useQuery({
    queryKey: ["neighbours", book.genre],
    queryFn: async ({ signal }) => {
      const query = { genre: book.genre, in_stock: true, limit: ROW + 1 };
      return (await unwrap(api.books.GET("/books", { params: { query }, signal }))).data;
    },
    select: (books) => books.filter((other) => other.book_id !== book.book_id).slice(0, ROW),
    staleTime: 5 * 60_000,
  });
