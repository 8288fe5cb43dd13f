import { Minus, Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";

interface StepperProps {
  label: string;
  value: number;
  max: number;
  onChange: (value: number) => void;
}

const within = (value: number, max: number) => Math.min(Math.max(1, value), Math.max(1, max));

export function Stepper({ label, value, max, onChange }: StepperProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const settle = (text: string) => {
    setDraft(null);
    const typed = Number.parseInt(text, 10);
    if (!Number.isNaN(typed)) onChange(within(typed, max));
  };
  const step = (by: number) => () => {
    onChange(within(value + by, max));
  };
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex items-center rounded-md border border-edge bg-paper"
    >
      <Button
        look="quiet"
        size="icon"
        aria-label="One fewer"
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
          const typed = event.target.valueAsNumber;
          if (Number.isInteger(typed) && typed === within(typed, max)) onChange(typed);
        }}
        onBlur={(event) => {
          settle(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") settle(event.currentTarget.value);
        }}
      />
      <Button
        look="quiet"
        size="icon"
        aria-label="One more"
        aria-disabled={value >= max}
        className="aria-disabled:opacity-35"
        onClick={step(1)}
      >
        <Plus aria-hidden className="size-4" />
      </Button>
    </div>
  );
}
