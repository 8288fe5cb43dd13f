import { Cover } from "@/components/ui/cover";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import type { Book } from "@/lib/api/client";
import { formatMoney, total } from "@/lib/format";
import type { Purchase } from "../api/open-tries";
import { readRefusal } from "../refusals";
import { RefusalNote } from "./refusal-note";

interface ConfirmDialogProps {
  book: Book;
  purchase: Purchase;
  busy: boolean;
  error: unknown;
  onPlace: (purchase: Purchase) => void;
  onClose: () => void;
}

export default function ConfirmDialog(props: ConfirmDialogProps) {
  const { book, purchase, busy, error, onPlace, onClose } = props;
  const refusal = error ? readRefusal(error, purchase.price) : null;
  const place = () => {
    if (!busy) onPlace(purchase);
  };
  return (
    <Dialog
      onClose={onClose}
      title="Place this order?"
      description={
        busy ? "Your order is on its way to the shop." : "Nothing is ordered before you say so."
      }
    >
      <div className="mt-6 flex gap-5 border-y border-line py-5">
        <Cover url={book.url} className="w-20 shrink-0" />
        <div className="min-w-0">
          <p className="font-serif text-[1.25rem] leading-snug">{book.title}</p>
          <p className="mt-1 text-sm text-soft">{book.authors}</p>
          <p className="mt-3 text-sm tabular-nums">
            {purchase.quantity} × {formatMoney(purchase.price)}
          </p>
        </div>
      </div>
      <p className="mt-4 flex items-baseline justify-between">
        <span>Total</span>
        <span className="font-serif text-[1.75rem] tabular-nums">
          {formatMoney(total(purchase.price, purchase.quantity))}
        </span>
      </p>
      {refusal ? (
        <RefusalNote
          refusal={refusal}
          book={book}
          quantity={purchase.quantity}
          busy={busy}
          onPlace={(change) => {
            if (!busy) onPlace({ ...purchase, ...change });
          }}
          onClose={onClose}
        />
      ) : (
        <div className="mt-6 flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
          <Button look="outline" aria-disabled={busy} onClick={onClose}>
            Not yet
          </Button>
          <Button aria-disabled={busy} onClick={place}>
            {busy ? "Placing the order" : "Place order"}
          </Button>
        </div>
      )}
    </Dialog>
  );
}
