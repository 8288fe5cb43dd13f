import type { ComponentProps } from "react";

type Props = Omit<ComponentProps<"input">, "type"> & { label: string };

export function Checkbox({ label, ...rest }: Props) {
  return (
    <label className="inline-flex min-h-11 items-center gap-3 text-sm">
      <input
        type="checkbox"
        className="peer size-5 shrink-0 appearance-none rounded-sm border border-edge bg-paper bg-center bg-no-repeat checked:border-cloth checked:bg-cloth hover:border-ink"
        {...rest}
      />
      <svg
        aria-hidden
        viewBox="0 0 20 20"
        className="pointer-events-none -ml-8 size-5 text-on-cloth opacity-0 peer-checked:opacity-100"
      >
        <path
          d="m5 10.500 3.400 3.300L15 6.800"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.2"
        />
      </svg>
      {label}
    </label>
  );
}
