import { dismiss, useMessages } from "@/lib/messages";
import { X } from "lucide-react";

/**
 * Shows and announces messages. Written here, because sonner, which shadcn/ui uses, injects an inline
 * style sheet that the content security policy forbids.
 */
export function Toaster() {
  const messages = useMessages();
  const visible = messages.filter((message) => message.visible);
  return (
    <>
      <div role="status" aria-live="polite" aria-atomic={false} className="sr-only">
        {messages.map((message) => (
          <p key={message.id}>{message.text}</p>
        ))}
      </div>
      <div className="pointer-events-none fixed inset-x-4 bottom-5 z-60 grid justify-items-center gap-2">
        {visible.map((message) => (
          <div
            key={message.id}
            className="pointer-events-auto flex rises items-center gap-3 rounded-md bg-foreground py-1.5 pr-1.5 pl-4 text-sm text-background shadow-book-up"
          >
            <span aria-hidden>{message.text}</span>
            <button
              type="button"
              aria-label="Dismiss message"
              className="grid size-8 place-items-center rounded-sm hover:bg-background/15"
              onClick={() => {
                dismiss(message.id);
              }}
            >
              <X aria-hidden className="size-4" />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
