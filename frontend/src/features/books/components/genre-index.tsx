import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { useGenres } from "../api/get-genres";
import { useFilters } from "../use-filters";

const USUAL = 12;

/** The genres like a table of contents, with the number of books in each. */
export function GenreIndex() {
  const { data } = useGenres();
  const { filters, change } = useFilters();
  const all = data?.genres.reduce((sum, each) => sum + each.count, 0);
  const rows = data && [
    { genre: undefined, books: all },
    ...data.genres.map(({ genre, count: books }) => ({ genre, books })),
  ];
  return (
    <fieldset>
      <legend className="mb-1.5 kicker">Contents</legend>
      {!rows &&
        Array.from({ length: USUAL + 1 }, (_, index) => (
          <div key={index} className="flex h-9 items-center">
            <Skeleton className="h-4 w-full" />
          </div>
        ))}
      {rows?.map(({ genre, books }) => {
        const chosen = filters.genre === genre;
        return (
          <button
            key={genre ?? "all"}
            type="button"
            aria-pressed={chosen}
            className={cn(
              "group flex min-h-9 w-full items-baseline pt-1 text-left font-serif text-[1.125rem] hover:text-rubric",
              chosen && "text-rubric italic",
            )}
            onClick={() => {
              change({ genre: chosen ? undefined : genre });
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
