import { explain, isProblem } from "@/lib/api/problem";

export type FieldName = "username" | "email" | "password";
export type FieldErrors = Partial<Record<FieldName | "form", string>>;

const NAMES: readonly FieldName[] = ["username", "email", "password"];

/** The API's sentences, each beside the field that it speaks of. */
export function readFieldErrors(error: unknown): FieldErrors {
  if (!error) return {};
  if (!isProblem(error, 400, 401, 409)) return { form: explain(error) };
  if (error.status === 401) return { form: error.message };
  const named = readNamed(error.data["fields"]);
  if (Object.keys(named).length > 0) return named;
  if (error.message.startsWith("Password must")) return { password: error.message };
  if (/^(Invalid email|Email is already)/.test(error.message)) return { email: error.message };
  return { form: error.message };
}

function readNamed(fields: unknown): FieldErrors {
  if (typeof fields !== "object" || fields === null) return {};
  const told = Object.entries(fields).filter(
    ([name, text]) => NAMES.includes(name as FieldName) && typeof text === "string",
  );
  return Object.fromEntries(told);
}

/** What can be said before anything is sent. */
export function findMissing(values: Partial<Record<FieldName, string>>): FieldErrors {
  const words = { username: "your name", email: "your email address", password: "a password" };
  const missing = NAMES.filter((name) => name in values && !values[name]?.trim());
  return Object.fromEntries(missing.map((name) => [name, `Enter ${words[name]}.`]));
}
