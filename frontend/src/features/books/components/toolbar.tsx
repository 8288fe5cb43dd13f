import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { narrowing, SORTS, type Sort } from "../filters";
import { useFilters } from "../use-filters";

const FilterSheet = lazy(() => import("./filter-sheet"));

export function Toolbar({ total }: { total: number | undefined }) {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState(false);
  const active = narrowing(filters).filter(({ name }) => name !== "search").length;
  return (
    <div className="flex items-center justify-between gap-3">
      <Button
        look="outline"
        className="bg-paper text-sm lg:hidden"
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
        }}
      >
        <SlidersHorizontal aria-hidden className="size-4" />
        Filters{active > 0 && ` (${active})`}
      </Button>
      <label className="flex items-center gap-3 text-sm lg:ml-auto">
        <span className="sr-only text-soft sm:not-sr-only">Sort by</span>
        <Select
          value={filters.sort ?? ""}
          onChange={(event) => {
            change({ sort: (event.target.value || undefined) as Sort | undefined });
          }}
        >
          {Object.entries(SORTS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </label>
      <Suspense>
        {open && (
          <FilterSheet
            total={total}
            onClose={() => {
              setOpen(false);
            }}
          />
        )}
      </Suspense>
    </div>
  );
}
