import { ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";

export function SoldOut({ book }: { book: Book }) {
  return (
    <>
      <p className="mt-3 text-sm text-soft">
        Every copy has found a reader. Others of its kind are waiting.
      </p>
      <ButtonLink
        to={paths.browse({ genre: book.genre, in_stock: "true" })}
        size="lg"
        look="outline"
        className="mt-5 w-full"
      >
        {book.genre} in stock
      </ButtonLink>
    </>
  );
}
