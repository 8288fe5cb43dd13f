import type { OrderStatus } from "@/lib/api/client";
import { cn } from "@/lib/cn";
import { Check, X } from "lucide-react";

const WORDS: Record<OrderStatus, string> = {
  pending: "Processing",
  completed: "Completed",
  failed: "Failed",
};

export function StatusBadge({ status }: { status: OrderStatus }) {
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1.5 rounded-full border py-0.5 pr-3 pl-2 text-sm font-medium",
        status === "completed" ? "border-good/45 text-good" : "border-rubric/45 text-rubric",
      )}
    >
      {status === "pending" && (
        <span aria-hidden className="mx-1 size-2 animate-pulse rounded-full bg-current" />
      )}
      {status === "completed" && <Check aria-hidden className="size-4" />}
      {status === "failed" && <X aria-hidden className="size-4" />}
      {WORDS[status]}
    </span>
  );
}
