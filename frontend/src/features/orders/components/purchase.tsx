import type { Book } from "@/lib/api/client";
import { useSession, type Session } from "@/lib/session/store";
import { useSearchParams } from "react-router";
import { useState } from "react";
import { BuyPanel } from "./buy-panel";
import { GuestBuy } from "./guest-buy";
import { MemberBuy } from "./member-buy";

/** The part of a book's page where it is bought. */
export function Purchase({ book }: { book: Book }) {
  const session = useSession();
  const [params] = useSearchParams();
  const [wanted, setWanted] = useState(
    () => Number.parseInt(params.get("quantity") ?? "1", 10) || 1,
  );
  const quantity = Math.min(Math.max(1, wanted), Math.max(1, book.quantity));
  return (
    <BuyPanel book={book}>
      {session.status === "member" ? (
        <MemberBuy
          key={session.member.id}
          book={book}
          quantity={quantity}
          onQuantity={setWanted}
          userId={session.member.id}
        />
      ) : (
        <GuestBuy
          book={book}
          quantity={quantity}
          onQuantity={setWanted}
          waiting={session.status !== "guest"}
          notice={noticeOf(session)}
        />
      )}
    </BuyPanel>
  );
}

function noticeOf(session: Session): string | null {
  if (session.status === "unreachable")
    return "The shop cannot be reached to see who you are. We keep trying.";
  if (session.status === "guest" && session.ended)
    return "Your session has ended. Log in and you come back to this book.";
  return null;
}
