import { X } from "lucide-react";
import { narrowing } from "../filters";
import { useFilters } from "../use-filters";

/** What narrows the list now; each can be taken away by itself. */
export function ActiveFilters() {
  const { filters, change, clear } = useFilters();
  const found = narrowing(filters);
  if (found.length === 0)
    return (
      <p className="font-serif text-[1.125rem] text-soft italic">
        A small catalogue, chosen with care.
      </p>
    );
  return (
    <ul aria-label="Chosen filters" className="flex flex-wrap items-center gap-2">
      {found.map(({ name, label }) => (
        <li key={name}>
          <button
            type="button"
            aria-label={`Remove the filter ${label}`}
            className="inline-flex min-h-8 items-center gap-1.5 rounded-full border border-edge bg-paper pr-2 pl-3.5 text-sm hover:border-ink"
            onClick={() => {
              change({ [name]: undefined });
            }}
          >
            <span className="max-w-60 truncate">{label}</span>
            <X aria-hidden className="size-3.5 shrink-0 text-soft" />
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
