import { Empty } from "@/components/empty";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { usePageTitle } from "@/hooks/use-page-title";
import { Link } from "react-router";

export function NotFound({ what }: { what: "book" | "page" }) {
  const title = what === "book" ? "This book was not found" : "This page was not found";
  usePageTitle(title);
  return (
    <Empty level={1} title={title}>
      <p>It may have been taken from the shelf, or the address has a slip in it.</p>
      <Button asChild className="mt-6">
        <Link to={paths.browse()}>See all books</Link>
      </Button>
    </Empty>
  );
}

export function Component() {
  return <NotFound what="page" />;
}
