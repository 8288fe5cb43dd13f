import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { Link } from "react-router";
import { QuantityField } from "./quantity-field";
import { SoldOut } from "./sold-out";

interface GuestPurchaseProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  /** Whether the session is still unknown. */
  waiting: boolean;
  /** Why a user who was logged in no longer is, or may no longer be. */
  notice: string | null;
}

export function GuestPurchase({ book, quantity, onQuantity, waiting, notice }: GuestPurchaseProps) {
  if (book.quantity <= 0) return <SoldOut book={book} />;
  return (
    <>
      {notice && (
        <Alert variant="destructive" className="mt-5 py-0">
          <AlertDescription>{notice}</AlertDescription>
        </Alert>
      )}
      <QuantityField book={book} quantity={quantity} onQuantity={onQuantity} />
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
