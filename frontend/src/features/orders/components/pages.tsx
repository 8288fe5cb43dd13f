import { Button, ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";

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
      <Button look="outline" aria-disabled>
        {label}
      </Button>
    );
  return (
    <ButtonLink to={paths.orders(to)} look="outline">
      {label}
    </ButtonLink>
  );
}
