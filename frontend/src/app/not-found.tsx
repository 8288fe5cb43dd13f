import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { usePageTitle } from "@/hooks/use-page-title";
import { Link } from "react-router";

export function NotFound({ what }: { what: "book" | "page" }) {
  const title = what === "book" ? "Book not found" : "Page not found";
  usePageTitle(title);
  return (
    <EmptyState level={1} title={title}>
      <p>It may have been removed, or the address may be wrong.</p>
      <Button asChild className="mt-6">
        <Link to={paths.browse()}>See all books</Link>
      </Button>
    </EmptyState>
  );
}
