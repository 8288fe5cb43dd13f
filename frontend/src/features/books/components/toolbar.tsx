import { Button } from "@/components/ui/button";
import { NativeSelect, NativeSelectOption } from "@/components/ui/native-select";
import { SlidersHorizontalIcon } from "lucide-react";
import { useLazyModule } from "@/hooks/use-lazy-module";
import { useState } from "react";
import { activeFilters, SORTS, type Sort } from "../filters";
import { useFilters } from "../use-filters";

const loadSheet = () => import("./filter-sheet");

export function Toolbar({ total }: { total: number | undefined }) {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState(false);
  const sheet = useLazyModule(loadSheet);
  const FilterSheet = sheet.module;
  const activeCount = activeFilters(filters).filter(({ name }) => name !== "search").length;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <Button
        variant="outline"
        className="bg-card text-sm lg:hidden"
        aria-haspopup="dialog"
        aria-busy={open && sheet.loading}
        onClick={() => {
          setOpen(true);
          if (!FilterSheet) void sheet.loadOrNotify();
        }}
      >
        <SlidersHorizontalIcon aria-hidden className="size-4" />
        Filters{activeCount > 0 && ` (${activeCount})`}
      </Button>
      <label className="flex items-center gap-3 text-sm lg:ml-auto">
        <span className="sr-only text-muted-foreground sm:not-sr-only">Sort by</span>
        <NativeSelect
          value={filters.sort ?? ""}
          onChange={(event) => {
            change({ sort: (event.target.value || undefined) as Sort | undefined });
          }}
        >
          {Object.entries(SORTS).map(([value, label]) => (
            <NativeSelectOption key={value} value={value}>
              {label}
            </NativeSelectOption>
          ))}
        </NativeSelect>
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
