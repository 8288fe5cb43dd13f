import { Button } from "@/components/ui/button";
import { useReturnFocus } from "@/hooks/use-return-focus";
import { cn } from "@/lib/utils";
import { XIcon } from "lucide-react";
import { Dialog as DialogPrimitive } from "radix-ui";
import type { ComponentProps } from "react";

function Dialog(props: ComponentProps<typeof DialogPrimitive.Root>) {
  return <DialogPrimitive.Root data-slot="dialog" {...props} />;
}

/**
 * Replaces Radix's overlay, which locks scrolling by an inline style sheet that the content
 * security policy forbids. This one absorbs the scrolling instead.
 */
function DialogOverlay({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      aria-hidden
      data-slot="dialog-overlay"
      className={cn("fixed inset-0 z-40 backdrop fades bg-[rgb(10_16_13/0.55)]", className)}
      {...props}
    />
  );
}

function DialogContent({
  className,
  children,
  ...props
}: ComponentProps<typeof DialogPrimitive.Content>) {
  const returnFocus = useReturnFocus();
  return (
    <DialogPrimitive.Portal>
      <DialogOverlay />
      <DialogPrimitive.Content
        data-slot="dialog-content"
        onCloseAutoFocus={returnFocus}
        className={cn(
          "fixed inset-x-4 top-1/2 z-50 m-auto max-h-[92dvh] w-auto max-w-md -translate-y-1/2 rises overflow-y-auto rounded-md border border-border bg-popover p-6 text-popover-foreground shadow-leaf sm:p-8",
          className,
        )}
        {...props}
      >
        {children}
      </DialogPrimitive.Content>
    </DialogPrimitive.Portal>
  );
}

/** The title's line, with the close button at its end. */
function DialogHeader({ className, children, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="dialog-header"
      className={cn("flex items-start justify-between gap-4", className)}
      {...props}
    >
      {children}
      <DialogPrimitive.Close asChild>
        <Button variant="link" size="icon" aria-label="Close" className="-mt-2 -mr-3">
          <XIcon aria-hidden className="size-5" />
        </Button>
      </DialogPrimitive.Close>
    </div>
  );
}

function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="dialog-footer"
      className={cn("flex flex-col-reverse gap-3 sm:flex-row sm:justify-end", className)}
      {...props}
    />
  );
}

function DialogTitle({ className, ...props }: ComponentProps<typeof DialogPrimitive.Title>) {
  return (
    <DialogPrimitive.Title
      data-slot="dialog-title"
      className={cn("text-[1.625rem]", className)}
      {...props}
    />
  );
}

function DialogDescription({
  className,
  ...props
}: ComponentProps<typeof DialogPrimitive.Description>) {
  return (
    <DialogPrimitive.Description
      data-slot="dialog-description"
      className={cn("mt-2 text-muted-foreground", className)}
      {...props}
    />
  );
}

export {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogOverlay,
  DialogTitle,
};
