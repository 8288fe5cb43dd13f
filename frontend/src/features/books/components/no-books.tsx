import { Empty } from "@/components/empty";
import { Button } from "@/components/ui/button";
import { narrowing } from "../filters";
import { useFilters } from "../use-filters";

/** Says what was looked for, and offers each way to find more. */
export function NoBooks() {
  const { filters, change, clear } = useFilters();
  const found = narrowing(filters);
  return (
    <Empty title="Nothing on this shelf">
      <p>
        {filters.search
          ? `No title, author or ISBN holds “${filters.search}”${found.length > 1 ? " among what you chose" : ""}. A shorter word finds more.`
          : "No book fits everything that you chose."}
      </p>
      <div className="mt-6 flex flex-wrap justify-center gap-2.5">
        {found.length > 1 &&
          found.map(({ name, label }) => (
            <Button
              key={name}
              look="outline"
              size="sm"
              onClick={() => {
                change({ [name]: undefined });
              }}
            >
              Without {label}
            </Button>
          ))}
        <Button size="sm" onClick={clear}>
          Show all books
        </Button>
      </div>
    </Empty>
  );
}
