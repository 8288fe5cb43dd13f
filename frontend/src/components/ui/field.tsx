import { Label } from "@/components/ui/label";
import { cn } from "@/lib/utils";
import type { ComponentProps } from "react";

function Field({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="field"
      className={cn("grid grid-cols-[minmax(0,1fr)] gap-1.5", className)}
      {...props}
    />
  );
}

function FieldLabel(props: ComponentProps<typeof Label>) {
  return <Label data-slot="field-label" {...props} />;
}

function FieldDescription({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="field-description"
      className={cn("text-sm text-muted-foreground", className)}
      {...props}
    />
  );
}

/** Has no alert role: the form moves the focus to the field, whose description this is. */
function FieldError({ className, ...props }: ComponentProps<"p">) {
  return (
    <p data-slot="field-error" className={cn("text-sm text-destructive", className)} {...props} />
  );
}

export { Field, FieldDescription, FieldError, FieldLabel };
