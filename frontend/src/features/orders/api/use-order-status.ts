import { isApiError } from "@/lib/api/api-error";
import { api, type Order, type OrderStatus } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { clearPendingOrder } from "./get-pending-order";

const POLL_INTERVAL_MS = 2000;

/** Stop polling when the order is final or its owner has logged out. */
const shouldStopPolling = (status: OrderStatus | undefined, error: unknown) =>
  (status !== undefined && status !== "pending") || isApiError(error, 401);

/** Polls the status of an order until it is final: also in a hidden tab, and again after sleep or a lost network. */
export function useOrderStatus(order: Order) {
  const { order_id: id, book_id: bookId, user_id: userId, status: known } = order;
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["order-status", userId, id],
    queryFn: async ({ signal }) => {
      const params = { path: { order_id: id } };
      return (await unwrap(api.placeOrder.GET("/checkorder/{order_id}", { params, signal })))
        .status;
    },
    enabled: known === "pending",
    staleTime: POLL_INTERVAL_MS,
    retry: false,
    refetchInterval: ({ state }) =>
      shouldStopPolling(state.data, state.error) ? false : POLL_INTERVAL_MS,
    refetchIntervalInBackground: true,
  });

  const status = known === "pending" ? (query.data ?? known) : known;
  const hasEnded = known === "pending" && status !== "pending";
  useEffect(() => {
    if (!hasEnded) return;
    clearPendingOrder(client, order);
    void client.invalidateQueries({ queryKey: ["orders"] });
    void client.invalidateQueries({ queryKey: ["book", bookId] });
  }, [hasEnded, client, order, bookId]);

  return {
    status,
    error: status === "pending" ? query.error : null,
    offline: query.fetchStatus === "paused",
  };
}
