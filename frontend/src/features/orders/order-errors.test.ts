import { ApiError, unreachableError } from "@/lib/api/api-error";
import { describe, expect, it } from "vitest";
import { parseOrderError } from "./order-errors";

const parse = (status: number, message: string, data?: Record<string, unknown>) =>
  parseOrderError(new ApiError(status, message, { data }), 10);

describe("each reason has a message and an action", () => {
  it("a changed price", () => {
    const error = parse(409, "The price has changed.", { price: 12.5 });
    expect(error).toMatchObject({ action: "accept-price", price: 12.5 });
    expect(error.message).toBe("The price has changed from $10.00 to $12.50.");
  });

  it("fewer copies in stock than ordered", () => {
    const error = parse(409, "Only 2 left in stock.");
    expect(error).toEqual({ action: "reduce-quantity", left: 2, message: "Only 2 left in stock." });
  });

  it("no copy in stock", () => {
    expect(parse(409, "Only 0 left in stock.").action).toBe("browse-genre");
  });

  it("an expired session", () => {
    expect(parse(401, "Token has expired").action).toBe("log-in");
  });

  it.each([0, 502, 503, 504, 500])("an unavailable shop: %i", (status) => {
    const error = status ? parse(status, "Down.") : parseOrderError(unreachableError(), 10);
    expect(error.action).toBe("try-again");
    expect(error.message).toMatch(/Your order will not be placed twice\.$/);
  });

  it("too many attempts", () => {
    expect(parse(429, "Slow down.")).toMatchObject({
      action: "try-again",
      message: "Too many attempts. Wait a moment and try again.",
    });
  });

  it("any other error, with the API's message", () => {
    expect(parse(404, "Book was not found.")).toEqual({
      action: "close",
      message: "Book was not found.",
    });
  });
});
