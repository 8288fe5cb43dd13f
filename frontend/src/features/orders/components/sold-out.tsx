import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import type { Book } from "@/lib/api/client";
import { Link } from "react-router";

export function SoldOut({ book }: { book: Book }) {
  return (
    <>
      <p className="mt-3 text-sm text-muted-foreground">
        This book is sold out. Other books in this genre are available.
      </p>
      <Button asChild size="lg" variant="outline" className="mt-5 w-full">
        <Link to={paths.browse({ genre: book.genre, in_stock: "true" })}>
          {book.genre} in stock
        </Link>
      </Button>
    </>
  );
}
