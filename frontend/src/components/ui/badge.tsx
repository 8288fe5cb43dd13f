import { cn } from "@/lib/utils";
import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";

const badgeVariants = cva(
  "inline-flex w-fit items-center gap-1.5 rounded-full border py-0.5 pr-3 pl-2 text-sm font-medium whitespace-nowrap [&>svg]:size-4 [&>svg]:pointer-events-none",
  {
    variants: {
      variant: {
        default: "border-rubric/45 text-rubric",
        success: "border-success/45 text-success",
        destructive: "border-destructive/45 text-destructive",
      },
    },
    defaultVariants: { variant: "default" },
  },
);

interface BadgeProps extends ComponentProps<"span">, VariantProps<typeof badgeVariants> {}

function Badge({ className, variant, ...props }: BadgeProps) {
  return (
    <span data-slot="badge" className={cn(badgeVariants({ variant }), className)} {...props} />
  );
}

export { Badge };
