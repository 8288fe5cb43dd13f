import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/utils";
import { useGenres } from "../api/get-genres";
import { useFilters } from "../use-filters";

const SKELETON_GENRES = 12;

/** Lists the genres like a table of contents, with the number of books in each. */
export function GenreFilter() {
  const { data } = useGenres();
  const { filters, change } = useFilters();
  const all = data?.genres.reduce((sum, each) => sum + each.count, 0);
  const options = data && [
    { genre: undefined, books: all },
    ...data.genres.map(({ genre, count: books }) => ({ genre, books })),
  ];
  return (
    <fieldset>
      <legend className="mb-1.5 kicker">Genres</legend>
      {!options &&
        Array.from({ length: SKELETON_GENRES + 1 }, (_, index) => (
          <div key={index} className="flex h-9 items-center">
            <Skeleton className="h-4 w-full" />
          </div>
        ))}
      {options?.map(({ genre, books }) => {
        const isSelected = filters.genre === genre;
        return (
          <button
            key={genre ?? "all"}
            type="button"
            aria-pressed={isSelected}
            className={cn(
              "group flex min-h-9 w-full items-baseline pt-1 text-left font-serif text-[1.125rem] hover:text-rubric",
              isSelected && "text-rubric italic",
            )}
            onClick={() => {
              change({ genre: isSelected ? undefined : genre });
            }}
          >
            <span>{genre ?? "All books"}</span>
            <span aria-hidden className="leader" />
            <span className="text-base tabular-nums">{books}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
