import { expect, it } from "vitest";
import { ApiError, describeError, isTransient, unreachableError } from "./api-error";
import { toApiError, unwrap } from "./unwrap";

it.each([
  [0, "The shop cannot be reached. Check your connection and try again."],
  [401, "Your session has ended. Please log in again."],
  [429, "Too many attempts. Wait a moment and try again."],
  [500, "Something went wrong. Please try again."],
  [503, "The shop is temporarily unavailable. Please try again shortly."],
  [504, "The shop is temporarily unavailable. Please try again shortly."],
  [422, "The API's message."],
])("describes status %i in plain words", (status, description) => {
  const error = status ? new ApiError(status, "The API's message.") : unreachableError();
  expect(describeError(error)).toBe(description);
});

it("does not blame the API for an error of the app itself", () => {
  const error = new TypeError("x is undefined");
  expect(describeError(error)).toBe("Something went wrong. Please reload the page.");
  expect(isTransient(error)).toBe(false);
});

it("turns a response that is not the API's JSON into an error", () => {
  const error = toApiError(new Response("<html>", { status: 502 }), "<html>");
  expect(error).toMatchObject({ status: 502, data: {} });
  expect(isTransient(error)).toBe(true);
});

it("passes on the abort of a cancelled request unchanged", async () => {
  const cancelled = new DOMException("cancelled", "AbortError");
  await expect(unwrap(Promise.reject(cancelled))).rejects.toBe(cancelled);
  await expect(unwrap(Promise.reject(new TypeError("Failed to fetch")))).rejects.toMatchObject({
    status: 0,
  });
});
