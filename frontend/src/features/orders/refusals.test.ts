import { ApiProblem, unreachable } from "@/lib/api/problem";
import { describe, expect, it } from "vitest";
import { readRefusal } from "./refusals";

const read = (status: number, message: string, data?: Record<string, unknown>) =>
  readRefusal(new ApiProblem(status, message, { data }), 10);

describe("each reason has its own sentence and a way on", () => {
  it("a new price", () => {
    const found = read(409, "The price has changed.", { price: 12.5 });
    expect(found).toMatchObject({ way: "new-price", price: 12.5 });
    expect(found.sentence).toBe("The price has changed: it is $12.50 now, and was $10.00.");
  });

  it("fewer copies than wanted", () => {
    const found = read(409, "Only 2 left in stock.");
    expect(found).toEqual({ way: "fewer", left: 2, sentence: "Only 2 left in stock." });
  });

  it("no copy at all", () => {
    expect(read(409, "Only 0 left in stock.").way).toBe("sold-out");
  });

  it("the end of the session", () => {
    expect(read(401, "Token has expired").way).toBe("log-in");
  });

  it.each([0, 502, 503, 504, 500])("a shop that does not answer: %i", (status) => {
    const found = status ? read(status, "Down.") : readRefusal(unreachable(), 10);
    expect(found.way).toBe("try-again");
    expect(found.sentence).toMatch(/You will not order twice\.$/);
  });

  it("too many tries", () => {
    expect(read(429, "Slow down.")).toMatchObject({
      way: "try-again",
      sentence: "Too many tries. Wait a moment, then try again.",
    });
  });

  it("anything else, in the API's own words", () => {
    expect(read(404, "Book was not found.")).toEqual({
      way: "close",
      sentence: "Book was not found.",
    });
  });
});
