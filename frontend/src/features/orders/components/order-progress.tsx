import type { Order } from "@/lib/api/client";
import { count, formatTime } from "@/lib/format";

interface OrderProgressProps {
  order: Order;
  trouble: "offline" | "silent" | null;
}

const TROUBLES = {
  offline: "You are offline. Your order goes on; we look again as soon as you are back.",
  silent: "The shop does not answer just now. Your order is safe; we keep looking.",
};

/** An order on its way. */
export function OrderProgress({ order, trouble }: OrderProgressProps) {
  return (
    <div className="mt-5 rises">
      <div role="progressbar" aria-label="Order is processing" className="thread" />
      <p className="mt-4 font-serif text-[1.25rem] leading-snug">
        {count(order.quantity, "copy is", "copies are")} being fetched from the shelf.
      </p>
      <p className="mt-1.5 text-sm text-soft">
        {trouble
          ? TROUBLES[trouble]
          : `Order ${order.order_id}, placed at ${formatTime(order.order_date)}. You may leave this page; the order goes on.`}
      </p>
    </div>
  );
}
