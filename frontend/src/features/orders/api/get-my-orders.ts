import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

export const ORDERS_PER_PAGE = 6;

/** One page of the user's orders, the newest first. */
export const useMyOrders = (userId: number, page: number) =>
  useQuery({
    queryKey: ["orders", userId, page],
    queryFn: async ({ signal }) => {
      const params = { query: { page, limit: ORDERS_PER_PAGE } };
      const { data, pagination } = await unwrap(
        api.displayOrders.GET("/myorders", { params, signal }),
      );
      return { orders: data, total: pagination?.total ?? data.length };
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
