import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Order } from "@/lib/api/client";
import { count, formatMoney, total } from "@/lib/format";
import { cn } from "@/lib/utils";
import { CheckIcon, XIcon } from "lucide-react";
import { Link } from "react-router";

interface OrderOutcomeProps {
  order: Order;
  status: "completed" | "failed";
  onBuyAgain: () => void;
}

/** The final status of an order, and the next steps. */
export function OrderOutcome({ order, status, onBuyAgain }: OrderOutcomeProps) {
  const isCompleted = status === "completed";
  const Icon = isCompleted ? CheckIcon : XIcon;
  return (
    <div className="mt-5 rises">
      <div className={cn("h-[3px] rounded-full", isCompleted ? "bg-success" : "bg-destructive")} />
      <p className="mt-4 flex items-center gap-2.5 font-serif text-[1.5rem] leading-tight">
        <Icon
          aria-hidden
          className={cn("size-6", isCompleted ? "text-success" : "text-destructive")}
        />
        {isCompleted ? "Order completed" : "Order failed"}
      </p>
      <p className="mt-2 text-sm text-muted-foreground">
        {isCompleted
          ? `${count(order.quantity, "copy", "copies")} for ${formatMoney(total(order.price, order.quantity))}. Thank you for your order.`
          : "Your order could not be completed. You have not been charged."}
      </p>
      <div className="mt-5 flex flex-wrap gap-3">
        <Button asChild variant={isCompleted ? "default" : "outline"}>
          <Link to={paths.orders()}>See your orders</Link>
        </Button>
        <Button variant={isCompleted ? "outline" : "default"} onClick={onBuyAgain}>
          {isCompleted ? "Buy another" : "Try again"}
        </Button>
      </div>
    </div>
  );
}
