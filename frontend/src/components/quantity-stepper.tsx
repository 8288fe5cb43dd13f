import { Minus, Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";

interface QuantityStepperProps {
  label: string;
  value: number;
  max: number;
  onChange: (value: number) => void;
}

const clamp = (value: number, max: number) => Math.min(Math.max(1, value), Math.max(1, max));

export function QuantityStepper({ label, value, max, onChange }: QuantityStepperProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = (text: string) => {
    setDraft(null);
    const number = Number.parseInt(text, 10);
    if (!Number.isNaN(number)) onChange(clamp(number, max));
  };
  const step = (by: number) => () => {
    onChange(clamp(value + by, max));
  };
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex items-center rounded-md border border-input bg-card"
    >
      <Button
        variant="link"
        size="icon"
        aria-label="Decrease quantity"
        aria-disabled={value <= 1}
        className="aria-disabled:opacity-35"
        onClick={step(-1)}
      >
        <Minus aria-hidden className="size-4" />
      </Button>
      <input
        aria-label={label}
        type="number"
        inputMode="numeric"
        min={1}
        max={max}
        value={draft ?? value}
        className="h-11 w-12 bg-transparent text-center text-base tabular-nums"
        onChange={(event) => {
          setDraft(event.target.value);
          const number = event.target.valueAsNumber;
          if (Number.isInteger(number) && number === clamp(number, max)) onChange(number);
        }}
        onBlur={(event) => {
          commit(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit(event.currentTarget.value);
        }}
      />
      <Button
        variant="link"
        size="icon"
        aria-label="Increase quantity"
        aria-disabled={value >= max}
        className="aria-disabled:opacity-35"
        onClick={step(1)}
      >
        <Plus aria-hidden className="size-4" />
      </Button>
    </div>
  );
}
