import { Input } from "@/components/ui/input";
import { TYPED_NAVIGATION, useUrlText } from "@/hooks/use-url-text";
import { useDebouncedCallback } from "@/hooks/use-debounced-callback";
import { cn } from "@/lib/utils";
import { useId } from "react";
import { useGenres } from "../api/get-genres";
import { isAmount } from "../filters";
import { useFilters } from "../use-filters";

const DEBOUNCE_MS = 400;
const NOTE_CLASS = "mt-2 text-sm text-destructive";

export function PriceFilter() {
  const { data } = useGenres();
  const { filters } = useFilters();
  const isReversed = Number(filters.min_price ?? 0) > Number(filters.max_price ?? Infinity);
  return (
    <fieldset>
      <legend className="mb-3 kicker">Price</legend>
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-center gap-x-3">
        <PriceInput name="min_price" label="Lowest price" hint={data?.range.lowest ?? null} />
        <span aria-hidden className="text-muted-foreground">
          to
        </span>
        <PriceInput name="max_price" label="Highest price" hint={data?.range.highest ?? null} />
      </div>
      {isReversed && (
        <p role="status" className={NOTE_CLASS}>
          The lowest price must not exceed the highest price.
        </p>
      )}
    </fieldset>
  );
}

interface PriceInputProps {
  name: "min_price" | "max_price";
  label: string;
  hint: number | null;
}

function PriceInput({ name, label, hint }: PriceInputProps) {
  const { filters, change } = useFilters();
  const urlText = filters[name] ?? "";
  const [text, setText] = useUrlText(urlText);
  const noteId = useId();
  const isInvalid = text !== "" && !isAmount(text);
  const commit = () => {
    if (isInvalid || text === urlText) return;
    change(
      { [name]: text || undefined },
      { ...TYPED_NAVIGATION, replace: urlText !== "" && text !== "" },
    );
  };
  useDebouncedCallback(text, DEBOUNCE_MS, commit);
  return (
    <>
      <span className="relative">
        <span
          aria-hidden
          className="absolute top-1/2 left-3 -translate-y-1/2 text-muted-foreground"
        >
          $
        </span>
        <Input
          aria-label={label}
          aria-invalid={isInvalid}
          aria-describedby={isInvalid ? noteId : undefined}
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
      {isInvalid && (
        <span id={noteId} className={cn(NOTE_CLASS, "order-last col-span-3")}>
          Enter an amount such as 12 or 12.50.
        </span>
      )}
    </>
  );
}
