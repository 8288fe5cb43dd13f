import { Input } from "@/components/ui/input";
import { useDebounced } from "@/hooks/use-debounced";
import { useId, useState } from "react";
import { useGenres } from "../api/get-genres";
import { isAmount } from "../filters";
import { useFilters } from "../use-filters";

const REST = 400;

export function PriceFilter() {
  const { data } = useGenres();
  return (
    <fieldset>
      <legend className="mb-3 kicker">Price</legend>
      <div className="flex items-center gap-3">
        <Bound name="min_price" label="Lowest price" hint={data?.range.lowest ?? null} />
        <span aria-hidden className="text-soft">
          to
        </span>
        <Bound name="max_price" label="Highest price" hint={data?.range.highest ?? null} />
      </div>
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
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  const note = useId();
  if (seen !== asked) {
    setSeen(asked);
    setText(asked);
  }
  const wrong = text !== "" && !isAmount(text);
  useDebounced(text, REST, (wanted) => {
    if (wanted !== asked && (wanted === "" || isAmount(wanted)))
      change({ [name]: wanted || undefined });
  });
  return (
    <span className="relative flex-1">
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
      />
      {wrong && (
        <span id={note} className="sr-only">
          Write an amount such as 12 or 12.50.
        </span>
      )}
    </span>
  );
}
