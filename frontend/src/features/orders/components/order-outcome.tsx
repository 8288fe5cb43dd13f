import { Button, ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Order } from "@/lib/api/client";
import { count, formatMoney, total } from "@/lib/format";
import { Check, X } from "lucide-react";

interface OrderOutcomeProps {
  order: Order;
  status: "completed" | "failed";
  onAgain: () => void;
}

/** How the order ended, and the way on. */
export function OrderOutcome({ order, status, onAgain }: OrderOutcomeProps) {
  const done = status === "completed";
  const Icon = done ? Check : X;
  return (
    <div className="mt-5 rises">
      <div className={done ? "h-[3px] rounded-full bg-good" : "h-[3px] rounded-full bg-rubric"} />
      <p className="mt-4 flex items-center gap-2.5 font-serif text-[1.5rem] leading-tight">
        <Icon aria-hidden className={done ? "size-6 text-good" : "size-6 text-rubric"} />
        {done ? "Order completed" : "Order failed"}
      </p>
      <p className="mt-2 text-sm text-soft">
        {done
          ? `${count(order.quantity, "copy", "copies")} for ${formatMoney(total(order.price, order.quantity))}. Thank you, and enjoy the reading.`
          : "The shelf could not give what you ordered. Nothing was taken, and nothing was charged."}
      </p>
      <div className="mt-5 flex flex-wrap gap-3">
        <ButtonLink to={paths.orders()} look={done ? "solid" : "outline"}>
          See your orders
        </ButtonLink>
        <Button look={done ? "outline" : "solid"} onClick={onAgain}>
          {done ? "Buy another" : "Try again"}
        </Button>
      </div>
    </div>
  );
}
