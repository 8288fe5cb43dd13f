import { api, type Order, type OrderStatus } from "@/lib/api/client";
import { isProblem } from "@/lib/api/problem";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { pendingKey } from "./get-pending-order";

const EVERY = 2000;

/** Nothing more will be heard of it. */
const isOver = (status: OrderStatus | undefined, error: unknown) =>
  (status !== undefined && status !== "pending") || isProblem(error, 401, 403, 404);

/**
 * How the order stands: asked every two seconds until it has ended, in a hidden tab too, and again
 * after sleep or a lost network.
 */
export function useOrderStatus(order: Order) {
  const { order_id: id, book_id: bookId, user_id: userId, status: known } = order;
  const client = useQueryClient();
  const watch = useQuery({
    queryKey: ["order-status", id],
    queryFn: async ({ signal }) => {
      const params = { path: { order_id: id } };
      return (await unwrap(api.placeOrder.GET("/checkorder/{order_id}", { params, signal })))
        .status;
    },
    enabled: known === "pending",
    staleTime: EVERY,
    retry: false,
    refetchInterval: ({ state }) => (isOver(state.data, state.error) ? false : EVERY),
    refetchIntervalInBackground: true,
  });

  const status = watch.data ?? known;
  const ended = known === "pending" && status !== "pending";
  useEffect(() => {
    if (!ended) return;
    client.setQueryData(pendingKey(userId, bookId), null);
    void client.invalidateQueries({ queryKey: ["orders"] });
    void client.invalidateQueries({ queryKey: ["book", bookId] });
  }, [ended, client, userId, bookId]);

  return {
    status,
    error: status === "pending" ? watch.error : null,
    offline: watch.fetchStatus === "paused",
  };
}
