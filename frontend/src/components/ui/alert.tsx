import { cn } from "@/lib/utils";
import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";

const alertVariants = cva("border-l-3 py-1 pl-5", {
  variants: {
    variant: {
      default: "border-border text-foreground",
      destructive: "border-destructive text-foreground",
    },
  },
  defaultVariants: { variant: "default" },
});

interface AlertProps extends ComponentProps<"div">, VariantProps<typeof alertVariants> {}

function Alert({ className, variant, ...props }: AlertProps) {
  return (
    <div
      data-slot="alert"
      role="alert"
      className={cn(alertVariants({ variant }), className)}
      {...props}
    />
  );
}

function AlertDescription({ className, ...props }: ComponentProps<"p">) {
  return <p data-slot="alert-description" className={cn("max-w-prose", className)} {...props} />;
}

export { Alert, AlertDescription };
