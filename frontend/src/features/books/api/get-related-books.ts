import { api, type Book } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery } from "@tanstack/react-query";

const MAX_BOOKS = 6;

/** Other books of the same genre that are in stock. */
export const useRelatedBooks = (book: Book) =>
  useQuery({
    queryKey: ["related-books", book.genre],
    queryFn: async ({ signal }) => {
      const query = { genre: book.genre, in_stock: true, limit: MAX_BOOKS + 1 };
      return (await unwrap(api.books.GET("/books", { params: { query }, signal }))).data;
    },
    select: (books) => books.filter((other) => other.book_id !== book.book_id).slice(0, MAX_BOOKS),
    staleTime: 5 * 60_000,
  });
