import { cn } from "@/lib/cn";
import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";

/** The browser's own list: it is the most usable one on every device. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className="relative inline-flex">
      <select
        className={cn(
          "min-h-11 appearance-none rounded-md border border-edge bg-paper pr-9 pl-3.5 text-sm text-ink hover:border-ink",
          className,
        )}
        {...rest}
      >
        {children}
      </select>
      <ChevronDown
        aria-hidden
        className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-soft"
      />
    </span>
  );
}
