import { ApiProblem, unreachable } from "@/lib/api/problem";
import { describe, expect, it } from "vitest";
import { findMissing, readFieldErrors } from "./field-errors";

describe("what the API says of an account", () => {
  it.each([
    [400, "Password must be at least 6 characters.", "password"],
    [400, "Invalid email format.", "email"],
    [409, "Email is already registered.", "email"],
    [401, "Invalid email or password.", "form"],
    [400, "Username, email and password are required.", "form"],
  ])("stands beside its field: %i %s", (status, message, field) => {
    const problem = new ApiProblem(status, message, { data: { email: "ann@example.org" } });
    expect(readFieldErrors(problem)).toEqual({ [field]: message });
  });

  it("stands beside the fields that it names", () => {
    const fields = { username: "Too long.", email: 5, other: "x" };
    const problem = new ApiProblem(400, "Bad.", { data: { fields } });
    expect(readFieldErrors(problem)).toEqual({ username: "Too long." });
  });

  it("is a sentence about the shop when the shop is the reason", () => {
    expect(readFieldErrors(unreachable()).form).toMatch("cannot be reached");
    expect(readFieldErrors(null)).toEqual({});
  });
});

it("what is missing is said before anything is sent", () => {
  expect(findMissing({ email: " ", password: "secret" })).toEqual({
    email: "Enter your email address.",
  });
  expect(findMissing({ email: "a@b.c", password: "secret" })).toEqual({});
});
