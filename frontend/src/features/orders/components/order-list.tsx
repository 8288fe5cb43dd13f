import { Empty } from "@/components/empty";
import { Problem } from "@/components/problem";
import { ButtonLink } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/config/paths";
import { count } from "@/lib/format";
import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { Navigate } from "react-router";
import { ORDERS_A_PAGE, useMyOrders } from "../api/get-my-orders";
import { OrderRow } from "./order-row";
import { Pages } from "./pages";

export function OrderList({ userId, page }: { userId: number; page: number }) {
  const found = useMyOrders(userId, page);
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page || found.isPlaceholderData) return;
    shown.current = page;
    announce(`Page ${page} of your orders`);
  }, [page, found.isPlaceholderData]);
  if (found.isPending) return <OrderListSkeleton />;
  if (!found.data) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  const { orders, total } = found.data;
  const last = Math.ceil(total / ORDERS_A_PAGE);
  if (total === 0) return <NoOrders />;
  if (page > last && !found.isPlaceholderData) return <Navigate replace to={paths.orders(last)} />;
  return (
    <>
      <p className="kicker">{count(total, "order")}</p>
      <ul
        aria-label="Orders"
        aria-busy={found.isPlaceholderData}
        className="mt-2 divide-y divide-line border-y border-line aria-busy:opacity-50"
      >
        {orders.map((order) => (
          <li key={order.order_id}>
            <OrderRow order={order} />
          </li>
        ))}
      </ul>
      <Pages page={page} last={last} />
    </>
  );
}

function NoOrders() {
  return (
    <Empty title="No orders yet">
      <p>What you buy will stand here, with how it is getting on.</p>
      <ButtonLink to={paths.browse()} className="mt-6">
        Look at the shelves
      </ButtonLink>
    </Empty>
  );
}

export function OrderListSkeleton() {
  return (
    <div className="mt-7 divide-y divide-line border-y border-line">
      {[1, 2, 3].map((row) => (
        <div key={row} className="grid grid-cols-[4.5rem_1fr] gap-x-5 py-6 sm:grid-cols-[6rem_1fr]">
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
