import { QueryClient } from "@tanstack/react-query";
import { isPassing } from "./api/problem";

const ONCE_MORE = 1;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < ONCE_MORE && isPassing(error),
        retryDelay: 600,
      },
      mutations: {
        // A purchase must not wait in a queue for the network: it fails now, and the shopper decides.
        networkMode: "always",
        retry: false,
      },
    },
  });
}
