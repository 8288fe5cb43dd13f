import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import { activeFilters } from "../filters";
import { useFilters } from "../use-filters";

/** Explains why the list is empty, with a button that removes each filter. */
export function NoResults() {
  const { filters, change, clear } = useFilters();
  const active = activeFilters(filters);
  return (
    <EmptyState title="No books found">
      <p>
        {filters.search
          ? `No title, author or ISBN contains “${filters.search}”${active.length > 1 ? " within the selected filters" : ""}. Try a shorter search.`
          : "No book matches all selected filters."}
      </p>
      <div className="mt-6 flex flex-wrap justify-center gap-2.5">
        {active.length > 1 &&
          active.map(({ name, label }) => (
            <Button
              key={name}
              variant="outline"
              size="sm"
              onClick={() => {
                change({ [name]: undefined });
              }}
            >
              Remove {label}
            </Button>
          ))}
        <Button size="sm" onClick={clear}>
          Show all books
        </Button>
      </div>
    </EmptyState>
  );
}
