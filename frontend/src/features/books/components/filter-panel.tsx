import { Checkbox } from "@/components/ui/checkbox";
import { useFilters } from "../use-filters";
import { GenreIndex } from "./genre-index";
import { PriceFilter } from "./price-filter";

export function FilterPanel() {
  const { filters, change } = useFilters();
  return (
    <div className="grid gap-8">
      <GenreIndex />
      <PriceFilter />
      <Checkbox
        label="Only what is in stock"
        checked={filters.in_stock ?? false}
        onChange={(event) => {
          change({ in_stock: event.target.checked || undefined });
        }}
      />
    </div>
  );
}
