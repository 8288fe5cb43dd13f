import { api, type Order } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery, type QueryClient } from "@tanstack/react-query";

const pendingKey = (userId: number, bookId: number) => ["pending", userId, bookId] as const;

/** The member's order of that book which is being processed, or null. */
export const usePendingOrder = (userId: number, bookId: number) =>
  useQuery({
    queryKey: pendingKey(userId, bookId),
    queryFn: async ({ signal }) => {
      const params = { path: { book_id: bookId } };
      const answer = await unwrap(
        api.placeOrder.GET("/pendingorder/{book_id}", { params, signal }),
      );
      return answer.hasPending ? answer.data : null;
    },
    staleTime: 0,
  });

/** An order is on its way. An answer of before, which may still come, no longer counts. */
export async function putPending(client: QueryClient, order: Order): Promise<void> {
  const queryKey = pendingKey(order.user_id, order.book_id);
  await client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, order);
}

/** It has ended; the shop is asked whether there is another one. */
export function dropPending(client: QueryClient, order: Order): void {
  const queryKey = pendingKey(order.user_id, order.book_id);
  client.setQueryData(queryKey, (now: Order | null | undefined) =>
    now?.order_id === order.order_id ? null : now,
  );
  void client.invalidateQueries({ queryKey });
}
