import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { Link } from "react-router";

export function Pages({ page, last }: { page: number; last: number }) {
  if (last <= 1 && page <= 1) return null;
  return (
    <nav aria-label="Pages" className="mt-8 flex items-center justify-between gap-4">
      <Step to={page > 1 ? Math.min(page - 1, last) : null} label="Newer" />
      <p className="text-sm text-soft tabular-nums">
        Page {page} of {last}
      </p>
      <Step to={page < last ? page + 1 : null} label="Older" />
    </nav>
  );
}

function Step({ to, label }: { to: number | null; label: string }) {
  if (to === null)
    return (
      <Button look="outline" disabled>
        {label}
      </Button>
    );
  return (
    <Button asChild look="outline">
      <Link to={paths.orders(to)}>{label}</Link>
    </Button>
  );
}
