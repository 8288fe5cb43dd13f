import { ErrorMessage } from "@/components/error-message";
import { Button } from "@/components/ui/button";
import { isTransient } from "@/lib/api/api-error";
import type { Order } from "@/lib/api/client";
import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { useOrderStatus } from "../api/use-order-status";
import { OrderOutcome } from "./order-outcome";
import { OrderProgress } from "./order-progress";

const ANNOUNCEMENTS = {
  pending: "Order placed. It is being processed.",
  completed: "Order completed.",
  failed: "Order failed.",
};

interface OrderTrackerProps {
  order: Order;
  onBuyAgain: () => void;
}

/** Shows an order until it is final. Takes the focus that the closed dialog leaves behind. */
export function OrderTracker({ order, onBuyAgain }: OrderTrackerProps) {
  const { status, error, offline } = useOrderStatus(order);
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    announce(ANNOUNCEMENTS[status]);
    if (document.activeElement === document.body) container.current?.focus({ preventScroll: true });
  }, [status]);
  return (
    <div ref={container} tabIndex={-1} className="outline-none">
      {status === "pending" ? (
        <>
          <OrderProgress
            order={order}
            problem={offline ? "offline" : isTransient(error) ? "no-response" : null}
          />
          {error && !isTransient(error) && <ErrorMessage error={error} className="mt-5" />}
          <Button size="lg" disabled className="mt-5 w-full">
            Order is processing
          </Button>
        </>
      ) : (
        <OrderOutcome order={order} status={status} onBuyAgain={onBuyAgain} />
      )}
    </div>
  );
}
