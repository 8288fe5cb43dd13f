import { cn } from "@/lib/utils";
import { Label as LabelPrimitive } from "radix-ui";
import type { ComponentProps } from "react";

function Label({ className, ...props }: ComponentProps<typeof LabelPrimitive.Root>) {
  return (
    <LabelPrimitive.Root
      data-slot="label"
      className={cn("text-sm font-semibold", className)}
      {...props}
    />
  );
}

export { Label };
