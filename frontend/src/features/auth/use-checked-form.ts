import { useMemo, useState } from "react";
import { findMissing, readFieldErrors, type FieldErrors, type FieldName } from "./field-errors";

type Values = Partial<Record<FieldName, string>>;

const text = (values: FormData, name: string) => {
  const value = values.get(name);
  return typeof value === "string" ? value : "";
};

/** Looks for what is missing first; the rest is the API's to judge. */
export function useCheckedForm(error: unknown, names: readonly FieldName[]) {
  const [missing, setMissing] = useState<FieldErrors | null>(null);
  const told = useMemo(() => readFieldErrors(error), [error]);
  const check = (form: FormData): Values | null => {
    const values = Object.fromEntries(names.map((name) => [name, text(form, name)])) as Values;
    const found = findMissing(values);
    const some = Object.keys(found).length > 0;
    setMissing(some ? found : null);
    return some ? null : values;
  };
  return { errors: missing ?? told, check };
}
