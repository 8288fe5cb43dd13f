import { Badge } from "@/components/ui/badge";
import type { OrderStatus } from "@/lib/api/client";
import { CheckIcon, XIcon } from "lucide-react";

export function StatusBadge({ status }: { status: OrderStatus }) {
  switch (status) {
    case "pending":
      return (
        <Badge>
          <span aria-hidden className="mx-1 size-2 animate-pulse rounded-full bg-current" />
          Processing
        </Badge>
      );
    case "completed":
      return (
        <Badge variant="success">
          <CheckIcon aria-hidden />
          Completed
        </Badge>
      );
    case "failed":
      return (
        <Badge variant="destructive">
          <XIcon aria-hidden />
          Failed
        </Badge>
      );
  }
}
