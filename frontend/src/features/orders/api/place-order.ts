import { api, type Order } from "@/lib/api/client";
import { isPassing, isProblem } from "@/lib/api/problem";
import { unwrap } from "@/lib/api/unwrap";
import { randomKey } from "@/lib/random-key";
import { tellTabs } from "@/lib/session/channel";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { pendingKey } from "./get-pending-order";

export interface Purchase {
  book_id: number;
  quantity: number;
  price: number;
}

/** Nobody knows whether the shop has taken the order: the next try has to be the same one. */
const isUndecided = (error: unknown) =>
  !isProblem(error) || isPassing(error) || isProblem(error, 401, 429, 500);

/** One key a try: a try that is repeated keeps its key, so that it never orders twice. */
function useTryKey() {
  const open = useRef<{ body: string; key: string } | null>(null);
  return {
    of: (purchase: Purchase) => {
      const body = JSON.stringify(purchase);
      if (open.current?.body !== body) open.current = { body, key: randomKey() };
      return open.current.key;
    },
    close: () => {
      open.current = null;
    },
  };
}

/** The order that the shop says is on its way already. */
export const pendingOf = (error: unknown): Order | null =>
  isProblem(error, 409) && "order_id" in error.data ? (error.data as unknown as Order) : null;

export function usePlaceOrder(userId: number) {
  const client = useQueryClient();
  const tryKey = useTryKey();

  const placed = (order: Order) => {
    client.setQueryData(pendingKey(userId, order.book_id), order);
    void client.invalidateQueries({ queryKey: ["orders"] });
    tellTabs({ kind: "orders", bookId: order.book_id });
  };

  return useMutation({
    mutationFn: async (purchase: Purchase) => {
      const call = api.placeOrder.POST("/placeorder", {
        body: purchase,
        params: { header: { "Idempotency-Key": tryKey.of(purchase) } },
      });
      return (await unwrap(call)).data;
    },
    onSuccess: (order) => {
      tryKey.close();
      placed(order);
    },
    onError: (error) => {
      if (!isUndecided(error)) tryKey.close();
      const pending = pendingOf(error);
      if (pending) placed(pending);
    },
  });
}
