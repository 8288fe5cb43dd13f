import { describeError, isApiError } from "@/lib/api/api-error";

export type FieldName = "username" | "email" | "password";
export type FieldErrors = Partial<Record<FieldName | "form", string>>;

const NAMES: readonly FieldName[] = ["username", "email", "password"];

/** Assigns the API's error message to the field that it is about, or to the form. */
export function readFieldErrors(error: unknown): FieldErrors {
  if (!error) return {};
  if (!isApiError(error, 400, 401, 409)) return { form: describeError(error) };
  if (error.status === 401) return { form: error.message };
  const named = readNamedFields(error.data["fields"]);
  if (Object.keys(named).length > 0) return named;
  if (error.message.startsWith("Password must")) return { password: error.message };
  if (/^(Invalid email|Email is already)/.test(error.message)) return { email: error.message };
  return { form: error.message };
}

function readNamedFields(fields: unknown): FieldErrors {
  if (typeof fields !== "object" || fields === null) return {};
  const messages = Object.entries(fields).filter(
    ([name, message]) => NAMES.includes(name as FieldName) && typeof message === "string",
  );
  return Object.fromEntries(messages);
}

export function findMissingFields(values: Partial<Record<FieldName, string>>): FieldErrors {
  const labels = { username: "your name", email: "your email address", password: "a password" };
  const missing = NAMES.filter((name) => name in values && !values[name]?.trim());
  return Object.fromEntries(missing.map((name) => [name, `Enter ${labels[name]}.`]));
}
