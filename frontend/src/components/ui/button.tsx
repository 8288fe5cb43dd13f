import { cn } from "@/lib/cn";
import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { Link, type LinkProps } from "react-router";

const styles = cva(
  "inline-flex items-center justify-center gap-2 rounded-md text-center font-medium transition-colors duration-150 disabled:cursor-not-allowed aria-busy:cursor-progress aria-disabled:cursor-not-allowed",
  {
    variants: {
      look: {
        solid:
          "bg-cloth text-on-cloth hover:bg-cloth-deep disabled:bg-sunk disabled:text-soft disabled:shadow-[inset_0_0_0_1px_var(--line)] disabled:hover:bg-sunk",
        outline:
          "border border-edge text-ink hover:border-ink hover:bg-paper aria-disabled:border-line aria-disabled:text-soft",
        quiet: "text-ink underline-offset-4 hover:underline",
      },
      size: {
        md: "min-h-11 px-5 text-base",
        lg: "min-h-13 px-6 text-[1.125rem]",
        sm: "min-h-9 px-3 text-sm",
        slim: "min-h-11 px-2.5 text-base whitespace-nowrap",
        icon: "size-11",
      },
    },
    defaultVariants: { look: "solid", size: "md" },
  },
);

type Looks = VariantProps<typeof styles>;

export function Button({ look, size, className, ...rest }: ComponentProps<"button"> & Looks) {
  return <button type="button" className={cn(styles({ look, size }), className)} {...rest} />;
}

/** A link that looks like a button. */
export function ButtonLink({ look, size, className, ...rest }: LinkProps & Looks) {
  return <Link className={cn(styles({ look, size }), className)} {...rest} />;
}
