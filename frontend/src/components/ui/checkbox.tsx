import { cn } from "@/lib/utils";
import type { ComponentProps } from "react";

/** A native checkbox: it works in forms and in forced colours without script. */
function Checkbox({ className, ...props }: Omit<ComponentProps<"input">, "type">) {
  return (
    <span className="relative grid size-5 shrink-0">
      <input
        type="checkbox"
        data-slot="checkbox"
        className={cn(
          "peer size-5 appearance-none rounded-sm border border-input bg-card checked:border-primary checked:bg-primary hover:border-foreground",
          className,
        )}
        {...props}
      />
      <svg
        aria-hidden
        viewBox="0 0 20 20"
        className="pointer-events-none absolute inset-0 text-primary-foreground opacity-0 peer-checked:opacity-100"
      >
        <path
          d="m5 10.500 3.400 3.300L15 6.800"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.2"
        />
      </svg>
    </span>
  );
}

export { Checkbox };
