import { QueryClient } from "@tanstack/react-query";
import { isTransient } from "./api/api-error";

const MAX_RETRIES = 1;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < MAX_RETRIES && isTransient(error),
        retryDelay: 600,
      },
      mutations: {
        // An order must not be queued until the network is back: it fails now and the user decides.
        networkMode: "always",
        retry: false,
      },
    },
  });
}
