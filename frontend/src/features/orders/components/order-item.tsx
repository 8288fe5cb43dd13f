import { Cover } from "@/components/cover";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Order, OrderStatus } from "@/lib/api/client";
import { formatDay, formatMoney, formatTime, total } from "@/lib/format";
import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { useOrderStatus } from "../api/use-order-status";
import { StatusBadge } from "./status-badge";

export function OrderItem({ order }: { order: Order }) {
  const { status, error, offline } = useOrderStatus(order);
  useAnnouncedStatus(order, status);
  return (
    <article className="grid grid-cols-[min(4.5rem,25%)_minmax(0,1fr)] gap-x-5 py-6 sm:grid-cols-[6rem_minmax(0,1fr)_auto] sm:gap-x-8">
      <Cover url={order.url} className="row-span-2 self-start sm:row-span-1" />
      <div className="min-w-0">
        <h2 className="text-[1.375rem] leading-snug">
          <Link
            to={paths.book(order.book_id)}
            className="underline decoration-transparent underline-offset-4 hover:decoration-rubric"
          >
            {order.title}
          </Link>
        </h2>
        <p className="mt-0.5 text-sm text-muted-foreground">{order.authors}</p>
        <p className="mt-3 text-sm text-muted-foreground">
          Order {order.order_id}, {formatDay(order.order_date)} at {formatTime(order.order_date)}
        </p>
        <p className="mt-3">
          <StatusBadge status={status} />
        </p>
        {(offline || error) && (
          <p className="mt-2 text-sm text-muted-foreground">
            {offline ? "You are offline." : "The shop is not responding."} Your order is still being
            processed; we will keep checking its status.
          </p>
        )}
      </div>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-4 sm:mt-0 sm:flex-col sm:items-end">
        <p className="sm:text-right">
          <span className="block font-serif text-[1.5rem] leading-tight tabular-nums">
            {formatMoney(total(order.price, order.quantity))}
          </span>
          <span className="text-sm text-muted-foreground tabular-nums">
            {order.quantity} × {formatMoney(order.price)}
          </span>
        </p>
        <Button asChild variant="outline" size="sm">
          <Link to={paths.book(order.book_id, order.quantity)}>
            Order again<span className="sr-only">: {order.title}</span>
          </Link>
        </Button>
      </div>
    </article>
  );
}

/** Announces a change of the order's status to screen readers. */
function useAnnouncedStatus(order: Order, status: OrderStatus): void {
  const previous = useRef(status);
  useEffect(() => {
    if (previous.current !== status) announce(`Your order of ${order.title} is ${status}.`);
    previous.current = status;
  }, [order.title, status]);
}
