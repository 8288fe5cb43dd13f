import { cn } from "@/lib/utils";
import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

const buttonVariants = cva(
  "inline-flex items-center justify-center gap-2 rounded-md text-center font-medium transition-colors duration-150 disabled:cursor-not-allowed aria-busy:cursor-progress aria-disabled:cursor-not-allowed",
  {
    variants: {
      variant: {
        default:
          "bg-primary text-primary-foreground hover:bg-primary-hover disabled:bg-muted disabled:text-muted-foreground disabled:shadow-[inset_0_0_0_1px_var(--border)] disabled:hover:bg-muted",
        outline:
          "border border-input text-foreground hover:border-foreground hover:bg-accent hover:text-accent-foreground aria-disabled:border-border aria-disabled:text-muted-foreground",
        link: "text-foreground underline-offset-4 hover:underline",
      },
      size: {
        default: "min-h-11 px-5 text-base",
        sm: "min-h-9 px-3 text-sm",
        lg: "min-h-13 px-6 text-[1.125rem]",
        icon: "size-11",
      },
    },
    defaultVariants: { variant: "default", size: "default" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonVariants> {
  /** Renders the only child, such as a link, in place of a button. */
  asChild?: boolean;
}

function Button({ className, variant, size, asChild = false, type, ...props }: ButtonProps) {
  const Comp = asChild ? Slot.Root : "button";
  return (
    <Comp
      data-slot="button"
      type={asChild ? type : (type ?? "button")}
      className={cn(buttonVariants({ variant, size, className }))}
      {...props}
    />
  );
}

export { Button, buttonVariants };
