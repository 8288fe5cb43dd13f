import { api, type Order } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery, type QueryClient } from "@tanstack/react-query";

const pendingKey = (userId: number, bookId: number) => ["pending", userId, bookId] as const;

/** The user's order of this book that is being processed, or null. */
export const usePendingOrder = (userId: number, bookId: number) =>
  useQuery({
    queryKey: pendingKey(userId, bookId),
    queryFn: async ({ signal }) => {
      const params = { path: { book_id: bookId } };
      const response = await unwrap(
        api.placeOrder.GET("/pendingorder/{book_id}", { params, signal }),
      );
      return response.hasPending ? response.data : null;
    },
    staleTime: 0,
  });

/** Stores a new order as pending, and cancels a running request, whose response would be older. */
export async function setPendingOrder(client: QueryClient, order: Order): Promise<void> {
  const queryKey = pendingKey(order.user_id, order.book_id);
  await client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, order);
}

/** Removes an order that is final, and checks whether another one is pending. */
export function clearPendingOrder(client: QueryClient, order: Order): void {
  const queryKey = pendingKey(order.user_id, order.book_id);
  client.setQueryData(queryKey, (current: Order | null | undefined) =>
    current?.order_id === order.order_id ? null : current,
  );
  void client.invalidateQueries({ queryKey });
}
