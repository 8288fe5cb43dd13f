import { isApiError, isTransient } from "@/lib/api/api-error";
import { api, type Order } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { notifyOtherTabs } from "@/lib/session/tab-channel";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { setPendingOrder } from "./get-pending-order";
import { idempotencyKeys, type PurchaseRequest } from "./idempotency-keys";

/** Whether the order may have been placed, so that the next attempt has to use the same key. */
const isResultUnknown = (error: unknown) =>
  !isApiError(error) || isTransient(error) || isApiError(error, 401, 429, 500);

/** Returns the pending order that a 409 contains, or null. */
export const pendingOrderOf = (error: unknown): Order | null =>
  isApiError(error, 409) && "order_id" in error.data ? (error.data as unknown as Order) : null;

export function usePlaceOrder(userId: number) {
  const client = useQueryClient();

  const updateCaches = async (order: Order) => {
    await setPendingOrder(client, order);
    void client.invalidateQueries({ queryKey: ["orders"] });
    notifyOtherTabs({ kind: "order-placed", bookId: order.book_id });
  };

  return useMutation({
    mutationFn: async (purchase: PurchaseRequest) => {
      const request = api.placeOrder.POST("/placeorder", {
        body: purchase,
        params: { header: { "Idempotency-Key": idempotencyKeys.get(userId, purchase) } },
      });
      return (await unwrap(request)).data;
    },
    onSuccess: (order, purchase) => {
      idempotencyKeys.release(userId, purchase);
      return updateCaches(order);
    },
    onError: (error, purchase) => {
      if (!isResultUnknown(error)) idempotencyKeys.release(userId, purchase);
      const pending = pendingOrderOf(error);
      return pending ? updateCaches(pending) : undefined;
    },
  });
}
