import { XIcon } from "lucide-react";
import { activeFilters } from "../filters";
import { useFilters } from "../use-filters";

/** The active filters, each with a button that removes it. */
export function ActiveFilters() {
  const { filters, change, clear } = useFilters();
  const active = activeFilters(filters);
  if (active.length === 0)
    return (
      <p className="font-serif text-[1.125rem] text-muted-foreground italic">
        A small catalogue, chosen with care.
      </p>
    );
  return (
    <ul aria-label="Active filters" className="flex flex-wrap items-center gap-2">
      {active.map(({ name, label }) => (
        <li key={name}>
          <button
            type="button"
            aria-label={`Remove filter ${label}`}
            className="inline-flex min-h-8 items-center gap-1.5 rounded-full border border-input bg-card pr-2 pl-3.5 text-sm hover:border-foreground"
            onClick={() => {
              change({ [name]: undefined });
            }}
          >
            <span className="max-w-60 truncate">{label}</span>
            <XIcon aria-hidden className="size-3.5 shrink-0 text-muted-foreground" />
          </button>
        </li>
      ))}
      <li>
        <button
          type="button"
          className="min-h-8 px-2 text-sm text-rubric underline underline-offset-4"
          onClick={clear}
        >
          Clear all
        </button>
      </li>
    </ul>
  );
}
