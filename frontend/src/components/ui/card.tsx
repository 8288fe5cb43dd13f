import { cn } from "@/lib/utils";
import type { ComponentProps } from "react";

/** A leaf of paper with a deckle edge at its foot. */
function Card({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="card"
      className={cn("deckle-below relative rounded-t-md bg-card text-card-foreground", className)}
      {...props}
    />
  );
}

export { Card };
