import { FilterPanel } from "@/features/books/components/filter-panel";
import { BookList } from "@/features/books/components/book-list";
import { listTitle } from "@/features/books/filters";
import { useFilters } from "@/features/books/use-filters";
import { usePageTitle } from "@/hooks/use-page-title";

export default function BrowseRoute() {
  const { filters } = useFilters();
  usePageTitle(listTitle(filters));
  return (
    <div className="grid gap-x-16 lg:grid-cols-[14.5rem_1fr] xl:gap-x-20">
      <aside aria-label="Filters" className="hidden pt-1 lg:block">
        <div className="sticky top-28 -mx-2 max-h-[calc(100dvh-8rem)] overflow-y-auto px-2 pb-2">
          <FilterPanel />
        </div>
      </aside>
      <BookList />
    </div>
  );
}
