import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { formatMoney } from "@/lib/format";
import { Link } from "react-router";
import type { PurchaseRequest } from "../api/idempotency-keys";
import type { OrderError } from "../order-errors";

interface OrderErrorAlertProps {
  error: OrderError;
  book: Book;
  quantity: number;
  busy: boolean;
  onPlace: (change: Partial<PurchaseRequest>) => void;
  onClose: () => void;
}

/** The reason why an order was not placed. Only the message is an alert, not the buttons. */
export function OrderErrorAlert(props: OrderErrorAlertProps) {
  return (
    <Alert role={undefined} variant="destructive" className="mt-5 rises">
      <AlertDescription role="alert">{props.error.message}</AlertDescription>
      <div className="mt-4 flex flex-wrap gap-3">
        <NextStep {...props} />
        <Button variant="outline" aria-disabled={props.busy} onClick={props.onClose}>
          Cancel
        </Button>
      </div>
    </Alert>
  );
}

function NextStep({ error, book, quantity, busy, onPlace }: OrderErrorAlertProps) {
  const placeButton = (label: string, change: Partial<PurchaseRequest>) => (
    <Button
      aria-disabled={busy}
      onClick={() => {
        onPlace(change);
      }}
    >
      {busy ? "Placing order" : label}
    </Button>
  );
  switch (error.action) {
    case "accept-price":
      return placeButton(`Buy at ${formatMoney(error.price)}`, { price: error.price });
    case "reduce-quantity":
      return placeButton(`Buy ${error.left}`, { quantity: error.left });
    case "try-again":
      return placeButton("Try again", {});
    case "log-in":
      return (
        <Button asChild>
          <Link to={paths.logIn(paths.book(book.book_id, quantity))}>Log in</Link>
        </Button>
      );
    case "browse-genre":
      return (
        <Button asChild>
          <Link to={paths.browse({ genre: book.genre, in_stock: "true" })}>More {book.genre}</Link>
        </Button>
      );
    case "close":
      return null;
  }
}
