import { Input } from "@/components/ui/input";
import { TYPED, useAddressText } from "@/hooks/use-address-text";
import { useDebounced } from "@/hooks/use-debounced";
import { cn } from "@/lib/cn";
import { useId } from "react";
import { useGenres } from "../api/get-genres";
import { isAmount } from "../filters";
import { useFilters } from "../use-filters";

const REST = 400;
const NOTE = "mt-2 text-sm text-rubric";

export function PriceFilter() {
  const { data } = useGenres();
  const { filters } = useFilters();
  const crossed = Number(filters.min_price ?? 0) > Number(filters.max_price ?? Infinity);
  return (
    <fieldset>
      <legend className="mb-3 kicker">Price</legend>
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-center gap-x-3">
        <Bound name="min_price" label="Lowest price" hint={data?.range.lowest ?? null} />
        <span aria-hidden className="text-soft">
          to
        </span>
        <Bound name="max_price" label="Highest price" hint={data?.range.highest ?? null} />
      </div>
      {crossed && (
        <p role="status" className={NOTE}>
          The lowest price is above the highest.
        </p>
      )}
    </fieldset>
  );
}

interface BoundProps {
  name: "min_price" | "max_price";
  label: string;
  hint: number | null;
}

function Bound({ name, label, hint }: BoundProps) {
  const { filters, change } = useFilters();
  const asked = filters[name] ?? "";
  const [text, setText] = useAddressText(asked);
  const note = useId();
  const wrong = text !== "" && !isAmount(text);
  const commit = () => {
    if (wrong || text === asked) return;
    change({ [name]: text || undefined }, { ...TYPED, replace: asked !== "" && text !== "" });
  };
  useDebounced(text, REST, commit);
  return (
    <>
      <span className="relative">
        <span aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-soft">
          $
        </span>
        <Input
          aria-label={label}
          aria-invalid={wrong}
          aria-describedby={wrong ? note : undefined}
          inputMode="decimal"
          autoComplete="off"
          placeholder={hint === null ? "" : hint.toFixed(2)}
          value={text}
          className="pl-7 tabular-nums"
          onChange={(event) => {
            setText(event.target.value.trim().replace(",", "."));
          }}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") commit();
          }}
        />
      </span>
      {wrong && (
        <span id={note} className={cn(NOTE, "order-last col-span-3")}>
          Write an amount such as 12 or 12.50.
        </span>
      )}
    </>
  );
}
