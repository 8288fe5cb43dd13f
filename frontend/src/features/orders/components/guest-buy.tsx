import { Button, ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { QuantityRow } from "./quantity-row";
import { SoldOut } from "./sold-out";

interface GuestBuyProps {
  book: Book;
  quantity: number;
  onQuantity: (quantity: number) => void;
  /** Nobody knows yet who is here. */
  waiting: boolean;
  /** Why one who was logged in is not, or may not be. */
  notice: string | null;
}

export function GuestBuy({ book, quantity, onQuantity, waiting, notice }: GuestBuyProps) {
  if (book.quantity <= 0) return <SoldOut book={book} />;
  return (
    <>
      {notice && (
        <p role="alert" className="mt-5 border-l-3 border-rubric pl-5">
          {notice}
        </p>
      )}
      <QuantityRow book={book} quantity={quantity} onQuantity={onQuantity} />
      {waiting ? (
        <Button size="lg" disabled className="mt-5 w-full">
          Buy now
        </Button>
      ) : (
        <ButtonLink
          to={paths.logIn(paths.book(book.book_id, quantity))}
          size="lg"
          className="mt-5 w-full"
        >
          Log in to buy
        </ButtonLink>
      )}
    </>
  );
}
