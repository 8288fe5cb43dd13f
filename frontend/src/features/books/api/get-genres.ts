import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery } from "@tanstack/react-query";

const AGAIN = 5000;

/** The genres with their counts, and the range of prices; asked again by itself until there is an answer. */
export const useGenres = () =>
  useQuery({
    queryKey: ["genres"],
    queryFn: async ({ signal }) => {
      const { data, price_range } = await unwrap(api.books.GET("/genres", { signal }));
      return { genres: data, range: price_range };
    },
    staleTime: 5 * 60_000,
    refetchInterval: ({ state }) => (state.status === "error" ? AGAIN : false),
  });
