import { api, type Order } from "@/lib/api/client";
import { isPassing, isProblem } from "@/lib/api/problem";
import { unwrap } from "@/lib/api/unwrap";
import { tellTabs } from "@/lib/session/channel";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { putPending } from "./get-pending-order";
import { openTries, type Purchase } from "./open-tries";

/** Nobody knows whether the shop has taken the order: the next try has to be the same one. */
const isUndecided = (error: unknown) =>
  !isProblem(error) || isPassing(error) || isProblem(error, 401, 429, 500);

/** The order that the shop says is on its way already. */
export const pendingOf = (error: unknown): Order | null =>
  isProblem(error, 409) && "order_id" in error.data ? (error.data as unknown as Order) : null;

export function usePlaceOrder(userId: number) {
  const client = useQueryClient();

  const placed = async (order: Order) => {
    await putPending(client, order);
    void client.invalidateQueries({ queryKey: ["orders"] });
    tellTabs({ kind: "orders", bookId: order.book_id });
  };

  return useMutation({
    mutationFn: async (purchase: Purchase) => {
      const call = api.placeOrder.POST("/placeorder", {
        body: purchase,
        params: { header: { "Idempotency-Key": openTries.keyOf(userId, purchase) } },
      });
      return (await unwrap(call)).data;
    },
    onSuccess: (order, purchase) => {
      openTries.close(userId, purchase);
      return placed(order);
    },
    onError: (error, purchase) => {
      if (!isUndecided(error)) openTries.close(userId, purchase);
      const pending = pendingOf(error);
      return pending ? placed(pending) : undefined;
    },
  });
}
