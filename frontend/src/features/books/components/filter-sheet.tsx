import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { count } from "@/lib/format";
import { FilterPanel } from "./filter-panel";

interface FilterSheetProps {
  total: number | undefined;
  onClose: () => void;
}

/** The filters of a small screen. */
export default function FilterSheet({ total, onClose }: FilterSheetProps) {
  return (
    <Dialog sheet title="Filters" onClose={onClose}>
      <div className="mt-5">
        <FilterPanel />
      </div>
      <Button size="lg" className="mt-6 w-full" onClick={onClose}>
        {total === undefined ? "Show the books" : `Show ${count(total, "book")}`}
      </Button>
    </Dialog>
  );
}
