import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { SlidersHorizontal } from "lucide-react";
import { usePart } from "@/hooks/use-part";
import { useState } from "react";
import { narrowing, SORTS, type Sort } from "../filters";
import { useFilters } from "../use-filters";

const loadSheet = () => import("./filter-sheet");

export function Toolbar({ total }: { total: number | undefined }) {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState(false);
  const sheet = usePart(loadSheet);
  const FilterSheet = sheet.part;
  const active = narrowing(filters).filter(({ name }) => name !== "search").length;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <Button
        look="outline"
        className="bg-paper text-sm lg:hidden"
        aria-haspopup="dialog"
        aria-busy={open && sheet.loading}
        onClick={() => {
          setOpen(true);
          if (!FilterSheet) void sheet.open();
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
      {open && FilterSheet && (
        <FilterSheet
          total={total}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </div>
  );
}
