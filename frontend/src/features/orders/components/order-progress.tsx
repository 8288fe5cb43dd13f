import type { Order } from "@/lib/api/client";
import { count, formatTime } from "@/lib/format";

interface OrderProgressProps {
  order: Order;
  /** Why the status may be out of date. */
  problem: "offline" | "no-response" | null;
}

const PROBLEMS = {
  offline:
    "You are offline. Your order is still being processed; we will check it when you are back.",
  "no-response":
    "The shop is not responding. Your order is safe; we will keep checking its status.",
};

/** An order that is being processed. */
export function OrderProgress({ order, problem }: OrderProgressProps) {
  return (
    <div className="mt-5 rises">
      <div role="progressbar" aria-label="Order is processing" className="progress-thread" />
      <p className="mt-4 font-serif text-[1.25rem] leading-snug">
        Your order of {count(order.quantity, "copy", "copies")} is being processed.
      </p>
      <p className="mt-1.5 text-sm text-muted-foreground">
        {problem
          ? PROBLEMS[problem]
          : `Order ${order.order_id}, placed at ${formatTime(order.order_date)}. You can leave this page.`}
      </p>
    </div>
  );
}
