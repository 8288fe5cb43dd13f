import { useMemo, useState } from "react";
import {
  findMissingFields,
  readFieldErrors,
  type FieldErrors,
  type FieldName,
} from "./field-errors";

type Values = Partial<Record<FieldName, string>>;

const readText = (form: FormData, name: string) => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};

/** Checks that all fields are filled in. The API validates everything else. */
export function useFormValidation(error: unknown, names: readonly FieldName[]) {
  const [missing, setMissing] = useState<FieldErrors | null>(null);
  const apiErrors = useMemo(() => readFieldErrors(error), [error]);
  /** Returns the values of the form, or null when a field is empty. */
  const validate = (form: FormData): Values | null => {
    const values = Object.fromEntries(names.map((name) => [name, readText(form, name)])) as Values;
    const errors = findMissingFields(values);
    const isInvalid = Object.keys(errors).length > 0;
    setMissing(isInvalid ? errors : null);
    return isInvalid ? null : values;
  };
  return { errors: missing ?? apiErrors, validate };
}
