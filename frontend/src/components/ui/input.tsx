import { cn } from "@/lib/cn";
import type { ComponentProps } from "react";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input
      className={cn(
        "min-h-11 w-full rounded-md border border-edge bg-paper px-3.5 text-base text-ink placeholder:text-soft hover:border-ink aria-invalid:border-rubric",
        className,
      )}
      {...rest}
    />
  );
}
