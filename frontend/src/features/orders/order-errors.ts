import { describeError, isApiError, isTransient } from "@/lib/api/api-error";
import { formatMoney } from "@/lib/format";

/** Why an order could not be placed, and the action that the user is offered. */
export type OrderError = { message: string } & (
  | { action: "accept-price"; price: number }
  | { action: "reduce-quantity"; left: number }
  | { action: "browse-genre" | "log-in" | "try-again" | "close" }
);

const STOCK_MESSAGE = /^Only (\d+) left in stock\.$/;

export function parseOrderError(error: unknown, shownPrice: number): OrderError {
  if (isApiError(error, 401))
    return { action: "log-in", message: "Your session has ended. Log in to return to this book." };
  if (isApiError(error, 409)) {
    const price = error.data["price"];
    if (typeof price === "number" && !("order_id" in error.data))
      return {
        action: "accept-price",
        price,
        message: `The price has changed from ${formatMoney(shownPrice)} to ${formatMoney(price)}.`,
      };
    const left = Number(STOCK_MESSAGE.exec(error.message)?.[1] ?? Number.NaN);
    if (left === 0) return { action: "browse-genre", message: "This book has just sold out." };
    if (left > 0) return { action: "reduce-quantity", left, message: error.message };
  }
  if (isTransient(error) || isApiError(error, 500))
    return {
      action: "try-again",
      message: `${describeError(error)} Your order will not be placed twice.`,
    };
  if (isApiError(error, 429)) return { action: "try-again", message: describeError(error) };
  return { action: "close", message: describeError(error) };
}
