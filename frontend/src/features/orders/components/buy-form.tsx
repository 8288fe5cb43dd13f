import { Button } from "@/components/ui/button";
import type { Book } from "@/lib/api/client";
import { isProblem } from "@/lib/api/problem";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { pendingOf, usePlaceOrder, type Purchase } from "../api/place-order";
import { QuantityRow } from "./quantity-row";
import { SoldOut } from "./sold-out";

const loadDialog = () => import("./confirm-dialog");
const ConfirmDialog = lazy(loadDialog);

interface BuyFormProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  userId: number;
  /** Whether it is known that no order of this book is on its way. */
  ready: boolean;
}

export function BuyForm({ book, quantity, onQuantity, userId, ready }: BuyFormProps) {
  const client = useQueryClient();
  const order = usePlaceOrder(userId);
  const [purchase, setPurchase] = useState<Purchase | null>(null);
  useEffect(() => void loadDialog(), []);

  const place = (next: Purchase) => {
    setPurchase(next);
    onQuantity(next.quantity);
    order.mutate(next, {
      onSettled: (_, error) => {
        // What the shop refused shows that the page is out of date.
        if (isProblem(error, 404, 409))
          void client.invalidateQueries({ queryKey: ["book", book.book_id] });
        if (!error || pendingOf(error)) setPurchase(null);
      },
    });
  };
  const close = () => {
    setPurchase(null);
    order.reset();
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
            onClick={() => {
              setPurchase({ book_id: book.book_id, quantity, price: book.price });
            }}
          >
            Buy now
          </Button>
        </>
      )}
      <Suspense>
        {purchase && (
          <ConfirmDialog
            book={book}
            purchase={purchase}
            busy={order.isPending}
            error={order.error}
            onPlace={place}
            onClose={close}
          />
        )}
      </Suspense>
    </>
  );
}
