import { onOrderInOtherTab } from "@/lib/session/tab-channel";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** Fetches orders again when another tab has placed one. */
export function useOrdersFromOtherTabs(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      onOrderInOtherTab((bookId) => {
        void client.invalidateQueries({ queryKey: ["orders"] });
        void client.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[0] === "pending" && queryKey[2] === bookId,
        });
      }),
    [client],
  );
}
