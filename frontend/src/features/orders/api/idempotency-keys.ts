import { randomKey } from "@/lib/random-key";

export interface PurchaseRequest {
  book_id: number;
  quantity: number;
  price: number;
}

/** Keys of requests whose result is unknown. They survive a change of page and a log-in. */
const openKeys = new Map<string, string>();

const nameOf = (userId: number, { book_id, quantity, price }: PurchaseRequest) =>
  [userId, book_id, quantity, price].join(" ");

/**
 * One idempotency key per purchase: the same purchase keeps its key until its result is known, so
 * that a repeated request does not place a second order.
 */
export const idempotencyKeys = {
  get: (userId: number, purchase: PurchaseRequest): string => {
    const name = nameOf(userId, purchase);
    const key = openKeys.get(name) ?? randomKey();
    openKeys.set(name, key);
    return key;
  },
  release: (userId: number, purchase: PurchaseRequest) => {
    openKeys.delete(nameOf(userId, purchase));
  },
};
