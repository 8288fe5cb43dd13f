import { api, type Order, type OrderStatus } from "@/lib/api/client";
import { isProblem } from "@/lib/api/problem";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { dropPending } from "./get-pending-order";

const EVERY = 2000;

/** Nothing more will be heard of it: it has ended, or whose it is has left. */
const isOver = (status: OrderStatus | undefined, error: unknown) =>
  (status !== undefined && status !== "pending") || isProblem(error, 401);

/**
 * How the order stands: asked every two seconds until it has ended, in a hidden tab too, and again
 * after sleep or a lost network.
 */
export function useOrderStatus(order: Order) {
  const { order_id: id, book_id: bookId, user_id: userId, status: known } = order;
  const client = useQueryClient();
  const watch = useQuery({
    queryKey: ["order-status", userId, id],
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

  const status = known === "pending" ? (watch.data ?? known) : known;
  const ended = known === "pending" && status !== "pending";
  useEffect(() => {
    if (!ended) return;
    dropPending(client, order);
    void client.invalidateQueries({ queryKey: ["orders"] });
    void client.invalidateQueries({ queryKey: ["book", bookId] });
  }, [ended, client, order, bookId]);

  return {
    status,
    error: status === "pending" ? watch.error : null,
    offline: watch.fetchStatus === "paused",
  };
}
