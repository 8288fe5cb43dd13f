import { Cover } from "@/components/cover";
import { Button } from "@/components/ui/button";
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogHeader,
  DialogTitle,
} from "@/components/ui/dialog";
import type { Book } from "@/lib/api/client";
import { formatMoney, total } from "@/lib/format";
import type { PurchaseRequest } from "../api/idempotency-keys";
import { parseOrderError } from "../order-errors";
import { OrderErrorAlert } from "./order-error-alert";

interface ConfirmDialogProps {
  book: Book;
  purchase: PurchaseRequest;
  busy: boolean;
  error: unknown;
  onPlace: (purchase: PurchaseRequest) => void;
  onClose: () => void;
}

export default function ConfirmDialog(props: ConfirmDialogProps) {
  const { book, purchase, busy, error, onPlace, onClose } = props;
  const orderError = error ? parseOrderError(error, purchase.price) : null;
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogContent>
        <DialogHeader>
          <DialogTitle>Place this order?</DialogTitle>
        </DialogHeader>
        <DialogDescription>
          {busy ? "Your order is being placed." : "Please check your order."}
        </DialogDescription>
        <div className="mt-6 flex gap-5 border-y border-border py-5">
          <Cover url={book.url} className="w-20 shrink-0" />
          <div className="min-w-0">
            <p className="font-serif text-[1.25rem] leading-snug">{book.title}</p>
            <p className="mt-1 text-sm text-muted-foreground">{book.authors}</p>
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
        {orderError ? (
          <OrderErrorAlert
            error={orderError}
            book={book}
            quantity={purchase.quantity}
            busy={busy}
            onPlace={(change) => {
              if (!busy) onPlace({ ...purchase, ...change });
            }}
            onClose={onClose}
          />
        ) : (
          <DialogFooter className="mt-6">
            <Button variant="outline" aria-disabled={busy} onClick={onClose}>
              Cancel
            </Button>
            <Button
              aria-disabled={busy}
              onClick={() => {
                if (!busy) onPlace(purchase);
              }}
            >
              {busy ? "Placing order" : "Place order"}
            </Button>
          </DialogFooter>
        )}
      </DialogContent>
    </Dialog>
  );
}
