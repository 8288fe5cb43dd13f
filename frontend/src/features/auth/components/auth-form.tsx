import { Button } from "@/components/ui/button";
import { useEffect, useRef, type ReactNode } from "react";
import type { FieldErrors } from "../field-errors";

interface AuthFormProps {
  label: string;
  busyLabel: string;
  busy: boolean;
  errors: FieldErrors;
  onSubmit: (values: FormData) => void;
  children: ReactNode;
}

/** The frame of the log-in and sign-up forms. Moves the focus to the first invalid field. */
export function AuthForm({ label, busyLabel, busy, errors, onSubmit, children }: AuthFormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [errors]);
  return (
    <form
      ref={form}
      noValidate
      className="mt-8 grid grid-cols-[minmax(0,1fr)] gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
      {/* Exists before its text, so that every screen reader announces it. */}
      <div role="alert" className="text-destructive">
        {errors.form && <p className="mb-2 border-l-3 border-destructive pl-4">{errors.form}</p>}
      </div>
      <Button type="submit" size="lg" aria-disabled={busy}>
        {busy ? busyLabel : label}
      </Button>
    </form>
  );
}
