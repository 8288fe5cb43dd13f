import { useCurrentUser } from "@/lib/session/store";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

const PRIVATE_QUERIES = new Set(["orders", "pending", "order-status"]);

/** Removes a user's cached data when they log out, so that the next user of the browser cannot see it. */
export function useClearPrivateCache(): void {
  const id = useCurrentUser()?.id;
  const previous = useRef(id);
  const client = useQueryClient();
  useEffect(() => {
    if (previous.current !== undefined && previous.current !== id) {
      client.removeQueries({
        predicate: ({ queryKey: [kind, userId] }) =>
          PRIVATE_QUERIES.has(String(kind)) && userId === previous.current,
      });
    }
    previous.current = id;
  }, [id, client]);
}
