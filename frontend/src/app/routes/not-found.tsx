import { Empty } from "@/components/empty";
import { ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { usePageTitle } from "@/hooks/use-page-title";

export function NotFound({ what }: { what: "book" | "page" }) {
  const title = what === "book" ? "This book was not found" : "This page was not found";
  usePageTitle(title);
  return (
    <Empty level={1} title={title}>
      <p>It may have been taken from the shelf, or the address has a slip in it.</p>
      <ButtonLink to={paths.browse()} className="mt-6">
        See all books
      </ButtonLink>
    </Empty>
  );
}

export function Component() {
  return <NotFound what="page" />;
}
