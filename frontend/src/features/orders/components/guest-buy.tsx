import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { Link } from "react-router";
import { QuantityRow } from "./quantity-row";
import { SoldOut } from "./sold-out";

interface GuestBuyProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  /** Nobody knows yet who is here. */
  waiting: boolean;
  /** A session was there until a moment ago, and nothing was ordered in it. */
  ended: boolean;
}

export function GuestBuy({ book, quantity, onQuantity, waiting, ended }: GuestBuyProps) {
  if (book.quantity <= 0) return <SoldOut book={book} />;
  return (
    <>
      {ended && (
        <p role="alert" className="mt-5 border-l-3 border-rubric pl-5">
          Your session has ended. Log in and you come back to this book.
        </p>
      )}
      <QuantityRow book={book} quantity={quantity} onQuantity={onQuantity} />
      {waiting ? (
        <Button size="lg" disabled className="mt-5 w-full">
          Buy now
        </Button>
      ) : (
        <Button asChild size="lg" className="mt-5 w-full">
          <Link to={paths.logIn(paths.book(book.book_id, quantity))}>Log in to buy</Link>
        </Button>
      )}
    </>
  );
}
