import type { Book, Order } from "@/lib/api/client";
import { useState } from "react";
import { usePendingOrder } from "../api/get-pending-order";
import { BuyForm } from "./buy-form";
import { OrderTracker } from "./order-tracker";

interface UserPurchaseProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  userId: number;
}

/** Tracks the user's order of this book if there is one, and otherwise offers to place one. */
export function UserPurchase({ book, quantity, onQuantity, userId }: UserPurchaseProps) {
  const pending = usePendingOrder(userId, book.book_id);
  const [tracked, setTracked] = useState<Order | null>(null);
  if (pending.data && pending.data.order_id !== tracked?.order_id) setTracked(pending.data);

  if (tracked)
    return (
      <OrderTracker
        key={tracked.order_id}
        order={tracked}
        onBuyAgain={() => {
          setTracked(null);
        }}
      />
    );
  return (
    <BuyForm
      book={book}
      quantity={quantity}
      onQuantity={onQuantity}
      userId={userId}
      ready={!pending.isPending || pending.fetchStatus === "paused"}
    />
  );
}
