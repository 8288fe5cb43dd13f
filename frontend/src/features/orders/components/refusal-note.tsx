import { Button, ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { formatMoney } from "@/lib/format";
import type { Purchase } from "../api/open-tries";
import type { Refusal } from "../refusals";

interface RefusalNoteProps {
  refusal: Refusal;
  book: Book;
  quantity: number;
  busy: boolean;
  onPlace: (change: Partial<Purchase>) => void;
  onClose: () => void;
}

export function RefusalNote(props: RefusalNoteProps) {
  return (
    <div className="mt-5 rises border-l-3 border-rubric py-1 pl-5">
      <p role="alert">{props.refusal.sentence}</p>
      <div className="mt-4 flex flex-wrap gap-3">
        <WayOn {...props} />
        <Button look="outline" aria-disabled={props.busy} onClick={props.onClose}>
          Not now
        </Button>
      </div>
    </div>
  );
}

function WayOn({ refusal, book, quantity, busy, onPlace }: RefusalNoteProps) {
  const act = (label: string, change: Partial<Purchase>) => (
    <Button
      aria-disabled={busy}
      onClick={() => {
        onPlace(change);
      }}
    >
      {busy ? "Placing the order" : label}
    </Button>
  );
  switch (refusal.way) {
    case "new-price":
      return act(`Buy at ${formatMoney(refusal.price)}`, { price: refusal.price });
    case "fewer":
      return act(`Take ${refusal.left}`, { quantity: refusal.left });
    case "try-again":
      return act("Try again", {});
    case "log-in":
      return <ButtonLink to={paths.logIn(paths.book(book.book_id, quantity))}>Log in</ButtonLink>;
    case "sold-out":
      return (
        <ButtonLink to={paths.browse({ genre: book.genre, in_stock: "true" })}>
          More {book.genre}
        </ButtonLink>
      );
    case "close":
      return null;
  }
}
