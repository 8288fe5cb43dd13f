import type { Book, Order } from "@/lib/api/client";
import { useState } from "react";
import { usePendingOrder } from "../api/get-pending-order";
import { BuyForm } from "./buy-form";
import { WatchedOrder } from "./watched-order";

interface MemberBuyProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  userId: number;
}

/** Either an order of this book is being watched, or one can be placed. */
export function MemberBuy({ book, quantity, onQuantity, userId }: MemberBuyProps) {
  const pending = usePendingOrder(userId, book.book_id);
  const [watched, setWatched] = useState<Order | null>(null);
  if (pending.data && pending.data.order_id !== watched?.order_id) setWatched(pending.data);

  if (watched)
    return (
      <WatchedOrder
        key={watched.order_id}
        order={watched}
        onAgain={() => {
          setWatched(null);
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
