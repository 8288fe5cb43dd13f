import { useMember } from "@/lib/session/store";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

const PRIVATE = new Set(["orders", "pending", "order-status"]);

/** Who leaves, leaves nothing behind for the next one on this machine. */
export function useForgetMembers(): void {
  const id = useMember()?.id;
  const before = useRef(id);
  const client = useQueryClient();
  useEffect(() => {
    if (before.current !== undefined && before.current !== id) {
      client.removeQueries({
        predicate: ({ queryKey: [kind, userId] }) =>
          PRIVATE.has(String(kind)) && userId === before.current,
      });
    }
    before.current = id;
  }, [id, client]);
}
