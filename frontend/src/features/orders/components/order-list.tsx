import { EmptyState } from "@/components/empty-state";
import { ErrorMessage } from "@/components/error-message";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/config/paths";
import { count } from "@/lib/format";
import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { Link, Navigate } from "react-router";
import { ORDERS_PER_PAGE, useMyOrders } from "../api/get-my-orders";
import { OrderItem } from "./order-item";
import { OrderPagination } from "./order-pagination";

export function OrderList({ userId, page }: { userId: number; page: number }) {
  const query = useMyOrders(userId, page);
  const announcedPage = useRef(page);
  useEffect(() => {
    if (announcedPage.current === page || query.isPlaceholderData) return;
    announcedPage.current = page;
    announce(`Page ${page} of your orders`);
  }, [page, query.isPlaceholderData]);
  if (query.isPending) return <OrderListSkeleton />;
  if (!query.data) return <ErrorMessage error={query.error} onRetry={() => void query.refetch()} />;
  const { orders, total } = query.data;
  const lastPage = Math.ceil(total / ORDERS_PER_PAGE);
  if (total === 0) return <NoOrders />;
  if (page > lastPage && !query.isPlaceholderData)
    return <Navigate replace to={paths.orders(lastPage)} />;
  return (
    <>
      <p className="kicker">{count(total, "order")}</p>
      <ul
        aria-label="Orders"
        aria-busy={query.isPlaceholderData}
        className="mt-2 divide-y divide-border border-y border-border aria-busy:opacity-50"
      >
        {orders.map((order) => (
          <li key={order.order_id}>
            <OrderItem order={order} />
          </li>
        ))}
      </ul>
      <OrderPagination page={page} lastPage={lastPage} />
    </>
  );
}

function NoOrders() {
  return (
    <EmptyState title="No orders yet">
      <p>Your orders will appear here.</p>
      <Button asChild className="mt-6">
        <Link to={paths.browse()}>Browse books</Link>
      </Button>
    </EmptyState>
  );
}

export function OrderListSkeleton() {
  return (
    <div className="mt-7 divide-y divide-border border-y border-border">
      {[1, 2, 3].map((item) => (
        <div
          key={item}
          className="grid grid-cols-[4.5rem_1fr] gap-x-5 py-6 sm:grid-cols-[6rem_1fr]"
        >
          <Skeleton className="aspect-[2/3]" />
          <div>
            <Skeleton className="h-7 w-3/5" />
            <Skeleton className="mt-3 h-4 w-2/5" />
            <Skeleton className="mt-4 h-7 w-28" />
          </div>
        </div>
      ))}
    </div>
  );
}
