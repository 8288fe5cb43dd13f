import { ApiError, unreachableError } from "@/lib/api/api-error";
import { describe, expect, it } from "vitest";
import { findMissingFields, readFieldErrors } from "./field-errors";

describe("an API error about an account", () => {
  it.each([
    [400, "Password must be at least 6 characters.", "password"],
    [400, "Invalid email format.", "email"],
    [409, "Email is already registered.", "email"],
    [401, "Invalid email or password.", "form"],
    [400, "Username, email and password are required.", "form"],
  ])("is assigned to its field: %i %s", (status, message, field) => {
    const error = new ApiError(status, message, { data: { email: "ann@example.org" } });
    expect(readFieldErrors(error)).toEqual({ [field]: message });
  });

  it("is assigned to the fields that it names", () => {
    const fields = { username: "Too long.", email: 5, other: "x" };
    const error = new ApiError(400, "Bad.", { data: { fields } });
    expect(readFieldErrors(error)).toEqual({ username: "Too long." });
  });

  it("is assigned to the form when it is not about a field", () => {
    expect(readFieldErrors(unreachableError()).form).toMatch("cannot be reached");
    expect(readFieldErrors(null)).toEqual({});
  });
});

it("reports empty fields before a request is sent", () => {
  expect(findMissingFields({ email: " ", password: "secret" })).toEqual({
    email: "Enter your email address.",
  });
  expect(findMissingFields({ email: "a@b.c", password: "secret" })).toEqual({});
});
