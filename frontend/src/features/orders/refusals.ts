import { explain, isPassing, isProblem } from "@/lib/api/problem";
import { formatMoney } from "@/lib/format";

/** Why a purchase was refused, in one sentence, and what the shopper can do about it. */
export type Refusal = { sentence: string } & (
  | { way: "new-price"; price: number }
  | { way: "fewer"; left: number }
  | { way: "sold-out" | "log-in" | "try-again" | "close" }
);

const LEFT = /^Only (\d+) left in stock\.$/;

export function readRefusal(error: unknown, seen: number): Refusal {
  if (isProblem(error, 401))
    return {
      way: "log-in",
      sentence: "Your session has ended. Log in and you come back to this book.",
    };
  if (isProblem(error, 409)) {
    const price = error.data["price"];
    if (typeof price === "number" && !("order_id" in error.data))
      return {
        way: "new-price",
        price,
        sentence: `The price has changed: it is ${formatMoney(price)} now, and was ${formatMoney(seen)}.`,
      };
    const left = Number(LEFT.exec(error.message)?.[1] ?? Number.NaN);
    if (left === 0) return { way: "sold-out", sentence: "The last copy was sold a moment ago." };
    if (left > 0) return { way: "fewer", left, sentence: error.message };
  }
  if (isPassing(error) || isProblem(error, 500))
    return { way: "try-again", sentence: `${explain(error)} You will not order twice.` };
  if (isProblem(error, 429)) return { way: "try-again", sentence: explain(error) };
  return { way: "close", sentence: explain(error) };
}
