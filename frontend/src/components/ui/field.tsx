import { useId, type ReactNode } from "react";

interface FieldProps {
  label: string;
  error?: string | undefined;
  hint?: ReactNode;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A label, its control, and what is wrong or worth knowing about it. */
export function Field({ label, error, hint, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": error || hint ? note : undefined,
        "aria-invalid": Boolean(error),
      })}
      <div id={note} className="min-h-6 text-sm">
        {error ? <p className="text-rubric">{error}</p> : <div className="text-soft">{hint}</div>}
      </div>
    </div>
  );
}
