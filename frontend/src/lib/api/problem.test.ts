import { expect, it } from "vitest";
import { ApiProblem, explain, isPassing, unreachable } from "./problem";
import { toProblem, unwrap } from "./unwrap";

it.each([
  [0, "The shop cannot be reached. Check your connection, then try again."],
  [401, "Your session has ended. Log in to go on where you were."],
  [429, "Too many tries. Wait a moment, then try again."],
  [500, "Something went wrong at the shop. Try again shortly."],
  [503, "The counter is closed for a moment. Try again shortly."],
  [504, "The counter is closed for a moment. Try again shortly."],
  [422, "as the API said it"],
])("status %i is one plain sentence", (status, sentence) => {
  const problem = status ? new ApiProblem(status, "as the API said it") : unreachable();
  expect(explain(problem)).toBe(sentence);
});

it("an error of our own is no story about the API", () => {
  expect(explain(new TypeError("x is undefined"))).toBe("Something went wrong on this page.");
  expect(isPassing(new TypeError("x is undefined"))).toBe(false);
});

it("an answer that is no JSON of the API still is a problem", () => {
  const problem = toProblem(new Response("<html>", { status: 502 }), "<html>");
  expect(problem).toMatchObject({ status: 502, data: {} });
  expect(isPassing(problem)).toBe(true);
});

it("a request that was cancelled is no problem", async () => {
  const cancelled = new DOMException("cancelled", "AbortError");
  await expect(unwrap(Promise.reject(cancelled))).rejects.toBe(cancelled);
  await expect(unwrap(Promise.reject(new TypeError("Failed to fetch")))).rejects.toMatchObject({
    status: 0,
  });
});
