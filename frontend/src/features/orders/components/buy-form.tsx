import { Button } from "@/components/ui/button";
import { useLazyModule } from "@/hooks/use-lazy-module";
import { isApiError } from "@/lib/api/api-error";
import type { Book } from "@/lib/api/client";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { PurchaseRequest } from "../api/idempotency-keys";
import { pendingOrderOf, usePlaceOrder } from "../api/place-order";
import { QuantityField } from "./quantity-field";
import { SoldOut } from "./sold-out";

const importDialog = () => import("./confirm-dialog");

interface BuyFormProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  userId: number;
  /** Whether it is known that no order of this book is pending. */
  ready: boolean;
}

export function BuyForm({ book, quantity, onQuantity, userId, ready }: BuyFormProps) {
  const client = useQueryClient();
  const order = usePlaceOrder(userId);
  const [purchase, setPurchase] = useState<PurchaseRequest | null>(null);
  const [orderError, setOrderError] = useState<unknown>(null);
  const { module: ConfirmDialog, loading, load, loadOrNotify } = useLazyModule(importDialog);
  useEffect(() => void load(), [load]);

  const place = (next: PurchaseRequest) => {
    setPurchase(next);
    onQuantity(next.quantity);
    order.mutate(next, {
      onSettled: (_, error) => {
        // A 404 or 409 means that the book on this page is out of date.
        if (isApiError(error, 404, 409))
          void client.invalidateQueries({ queryKey: ["book", book.book_id] });
        const isPlaced = !error || pendingOrderOf(error);
        setOrderError(isPlaced ? null : error);
        if (isPlaced) setPurchase(null);
      },
    });
  };
  const close = () => {
    if (order.isPending) return; // the dialog has to show the result
    setPurchase(null);
    setOrderError(null);
  };

  return (
    <>
      {book.quantity <= 0 ? (
        <SoldOut book={book} />
      ) : (
        <>
          <QuantityField book={book} quantity={quantity} onQuantity={onQuantity} />
          <Button
            size="lg"
            className="mt-5 w-full"
            aria-haspopup="dialog"
            disabled={!ready}
            aria-busy={loading && purchase !== null}
            onClick={() => {
              setPurchase({ book_id: book.book_id, quantity, price: book.price });
              if (!ConfirmDialog) void loadOrNotify();
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
          error={orderError}
          onPlace={place}
          onClose={close}
        />
      )}
    </>
  );
}
