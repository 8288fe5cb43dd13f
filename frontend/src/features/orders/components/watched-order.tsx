import { Problem } from "@/components/problem";
import { Button } from "@/components/ui/button";
import type { Order } from "@/lib/api/client";
import { isPassing } from "@/lib/api/problem";
import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { useOrderStatus } from "../api/watch-order";
import { OrderOutcome } from "./order-outcome";
import { OrderProgress } from "./order-progress";

const NEWS = {
  pending: "Order placed. It is being processed.",
  completed: "Order completed.",
  failed: "Order failed.",
};

/** From "processing" to how it ended. Takes the focus that the closed dialog leaves behind. */
export function WatchedOrder({ order, onAgain }: { order: Order; onAgain: () => void }) {
  const { status, error, offline } = useOrderStatus(order);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    announce(NEWS[status]);
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  }, [status]);
  return (
    <div ref={place} tabIndex={-1} className="outline-none">
      {status === "pending" ? (
        <>
          <OrderProgress
            order={order}
            trouble={offline ? "offline" : isPassing(error) ? "silent" : null}
          />
          {error && !isPassing(error) && <Problem error={error} className="mt-5" />}
          <Button size="lg" disabled className="mt-5 w-full">
            Order is processing
          </Button>
        </>
      ) : (
        <OrderOutcome order={order} status={status} onAgain={onAgain} />
      )}
    </div>
  );
}
