import { Button } from "@/components/ui/button";
import { Pagination, PaginationContent } from "@/components/ui/pagination";
import { paths } from "@/config/paths";
import { Link } from "react-router";

export function OrderPagination({ page, lastPage }: { page: number; lastPage: number }) {
  if (lastPage <= 1 && page <= 1) return null;
  return (
    <Pagination className="mt-8">
      <PaginationContent>
        <PageLink to={page > 1 ? Math.min(page - 1, lastPage) : null} label="Newer" />
        <p className="text-sm text-muted-foreground tabular-nums">
          Page {page} of {lastPage}
        </p>
        <PageLink to={page < lastPage ? page + 1 : null} label="Older" />
      </PaginationContent>
    </Pagination>
  );
}

function PageLink({ to, label }: { to: number | null; label: string }) {
  if (to === null)
    return (
      <Button variant="outline" aria-disabled>
        {label}
      </Button>
    );
  return (
    <Button asChild variant="outline">
      <Link to={paths.orders(to)}>{label}</Link>
    </Button>
  );
}
