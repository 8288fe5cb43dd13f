import { onOrdersElsewhere } from "@/lib/session/channel";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** Looks again when another tab has placed an order. */
export function useOrdersElsewhere(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      onOrdersElsewhere((bookId) => {
        void client.invalidateQueries({ queryKey: ["orders"] });
        void client.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[0] === "pending" && queryKey[2] === bookId,
        });
      }),
    [client],
  );
}
