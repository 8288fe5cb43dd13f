import type { Book } from "@/lib/api/client";
import { useSession, type Session } from "@/lib/session/store";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { BuyPanel } from "./buy-panel";
import { GuestPurchase } from "./guest-purchase";
import { UserPurchase } from "./user-purchase";

/** The part of a book's page where it is bought. */
export function Purchase({ book }: { book: Book }) {
  const session = useSession();
  const [params] = useSearchParams();
  const [selected, setSelected] = useState(
    () => Number.parseInt(params.get("quantity") ?? "1", 10) || 1,
  );
  const quantity = Math.min(Math.max(1, selected), Math.max(1, book.quantity));
  return (
    <BuyPanel book={book}>
      {session.status === "authenticated" ? (
        <UserPurchase
          key={session.user.id}
          book={book}
          quantity={quantity}
          onQuantity={setSelected}
          userId={session.user.id}
        />
      ) : (
        <GuestPurchase
          book={book}
          quantity={quantity}
          onQuantity={setSelected}
          waiting={session.status !== "guest"}
          notice={noticeFor(session)}
        />
      )}
    </BuyPanel>
  );
}

function noticeFor(session: Session): string | null {
  if (session.status === "unreachable")
    return "The shop cannot be reached to check your log-in. We will keep trying.";
  if (session.status === "guest" && session.expired)
    return "Your session has ended. Log in to return to this book.";
  return null;
}
