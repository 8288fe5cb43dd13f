import { Button } from "@/components/ui/button";
import { usePart } from "@/hooks/use-part";
import type { Book } from "@/lib/api/client";
import { isProblem } from "@/lib/api/problem";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Purchase } from "../api/open-tries";
import { pendingOf, usePlaceOrder } from "../api/place-order";
import { QuantityRow } from "./quantity-row";
import { SoldOut } from "./sold-out";

const loadDialog = () => import("./confirm-dialog");

interface BuyFormProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  userId: number;
  /** Whether the shop was asked if an order of this book is on its way. */
  ready: boolean;
}

export function BuyForm({ book, quantity, onQuantity, userId, ready }: BuyFormProps) {
  const client = useQueryClient();
  const order = usePlaceOrder(userId);
  const [purchase, setPurchase] = useState<Purchase | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  const { part: ConfirmDialog, loading, get, open } = usePart(loadDialog);
  useEffect(() => void get(), [get]);

  const place = (next: Purchase) => {
    setPurchase(next);
    onQuantity(next.quantity);
    order.mutate(next, {
      onSettled: (_, error) => {
        // What the shop refused shows that the page is out of date.
        if (isProblem(error, 404, 409))
          void client.invalidateQueries({ queryKey: ["book", book.book_id] });
        const settled = !error || pendingOf(error);
        setRefused(settled ? null : error);
        if (settled) setPurchase(null);
      },
    });
  };
  const close = () => {
    if (order.isPending) return; // on its way to the shop: what becomes of it is shown here
    setPurchase(null);
    setRefused(null);
  };

  return (
    <>
      {book.quantity <= 0 ? (
        <SoldOut book={book} />
      ) : (
        <>
          <QuantityRow book={book} quantity={quantity} onQuantity={onQuantity} />
          <Button
            size="lg"
            className="mt-5 w-full"
            aria-haspopup="dialog"
            disabled={!ready}
            aria-busy={loading && purchase !== null}
            onClick={() => {
              setPurchase({ book_id: book.book_id, quantity, price: book.price });
              if (!ConfirmDialog) void open();
            }}
          >
            Buy now
          </Button>
        </>
      )}
      {purchase && ConfirmDialog && (
        <ConfirmDialog
          book={book}
          purchase={purchase}
          busy={order.isPending}
          error={refused}
          onPlace={place}
          onClose={close}
        />
      )}
    </>
  );
}
