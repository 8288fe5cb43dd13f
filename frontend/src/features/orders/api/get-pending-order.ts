import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useQuery } from "@tanstack/react-query";

export const pendingKey = (userId: number, bookId: number) => ["pending", userId, bookId] as const;

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
