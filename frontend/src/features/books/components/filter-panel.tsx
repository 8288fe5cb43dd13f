import { Checkbox } from "@/components/ui/checkbox";
import { useId } from "react";
import { useFilters } from "../use-filters";
import { GenreFilter } from "./genre-filter";
import { PriceFilter } from "./price-filter";

export function FilterPanel() {
  const { filters, change } = useFilters();
  const inStockId = useId();
  return (
    <div className="grid gap-8">
      <GenreFilter />
      <PriceFilter />
      <label htmlFor={inStockId} className="inline-flex min-h-11 items-center gap-3 text-sm">
        <Checkbox
          id={inStockId}
          checked={filters.in_stock ?? false}
          onChange={(event) => {
            change({ in_stock: event.target.checked || undefined });
          }}
        />
        In stock only
      </label>
    </div>
  );
}
