import { Field, FieldDescription, FieldError, FieldLabel } from "@/components/ui/field";
import { useId, type ReactNode } from "react";

interface FormFieldProps {
  label: string;
  error?: string | undefined;
  hint?: ReactNode;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A labelled control. The error, or else the hint, is linked to it as its description. */
export function FormField({ label, error, hint, children }: FormFieldProps) {
  const id = useId();
  const descriptionId = `${id}-description`;
  return (
    <Field data-invalid={Boolean(error)}>
      <FieldLabel htmlFor={id}>{label}</FieldLabel>
      {children({
        id,
        "aria-describedby": error || hint ? descriptionId : undefined,
        "aria-invalid": Boolean(error),
      })}
      <div id={descriptionId} className="min-h-6">
        {error ? <FieldError>{error}</FieldError> : <FieldDescription>{hint}</FieldDescription>}
      </div>
    </Field>
  );
}
