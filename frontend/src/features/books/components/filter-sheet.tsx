import { Button } from "@/components/ui/button";
import { Sheet, SheetContent, SheetHeader, SheetTitle } from "@/components/ui/sheet";
import { count } from "@/lib/format";
import { FilterPanel } from "./filter-panel";

interface FilterSheetProps {
  total: number | undefined;
  onClose: () => void;
}

/** The filters on small screens. */
export default function FilterSheet({ total, onClose }: FilterSheetProps) {
  return (
    <Sheet open onOpenChange={onClose}>
      <SheetContent aria-describedby={undefined}>
        <SheetHeader>
          <SheetTitle>Filters</SheetTitle>
        </SheetHeader>
        <div className="mt-5">
          <FilterPanel />
        </div>
        <Button size="lg" className="mt-6 w-full" onClick={onClose}>
          {total === undefined ? "Show books" : `Show ${count(total, "book")}`}
        </Button>
      </SheetContent>
    </Sheet>
  );
}
