import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery } from "@tanstack/react-query";

const RETRY_INTERVAL_MS = 5000;

/** The genres with their counts, and the price range. Retries until it succeeds. */
export const useGenres = () =>
  useQuery({
    queryKey: ["genres"],
    queryFn: async ({ signal }) => {
      const { data, price_range } = await unwrap(api.books.GET("/genres", { signal }));
      return { genres: data, range: price_range };
    },
    staleTime: 5 * 60_000,
    refetchInterval: ({ state }) => (state.status === "error" ? RETRY_INTERVAL_MS : false),
  });
