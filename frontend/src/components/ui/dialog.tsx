import { cn } from "@/lib/cn";
import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "./button";

interface DialogProps {
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
  /** A sheet stands at the foot of a small screen. */
  sheet?: boolean;
}

/**
 * Radix keeps focus in. It gives it back to a trigger of its own only, hence the opener. Its overlay is
 * left out: it locks scrolling by an inline style sheet, which the content security policy forbids; this one swallows it.
 */
export function Dialog({ onClose, title, description, children, sheet }: DialogProps) {
  const [opener] = useState(() => document.activeElement);
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        <div aria-hidden className="fixed inset-0 z-40 backdrop fades bg-[rgb(10_16_13/0.55)]" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
          }}
          className={cn(
            "fixed z-50 max-h-[92dvh] overflow-y-auto border border-line bg-paper p-6 shadow-leaf sm:p-8",
            sheet
              ? "inset-x-0 bottom-0 slides-up rounded-t-md"
              : "inset-x-4 top-1/2 m-auto w-auto max-w-md -translate-y-1/2 rises rounded-md",
          )}
        >
          <div className="flex items-start justify-between gap-4">
            <Radix.Title className="text-[1.625rem]">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button look="quiet" size="icon" aria-label="Close" className="-mt-2 -mr-3">
                <X aria-hidden className="size-5" />
              </Button>
            </Radix.Close>
          </div>
          {description && (
            <Radix.Description asChild>
              <div className="mt-2 text-soft">{description}</div>
            </Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
