import { randomKey } from "@/lib/random-key";

export interface Purchase {
  book_id: number;
  quantity: number;
  price: number;
}

/** Tries of which nobody knows whether the shop has taken them. They outlive their page, and a log-in in between. */
const open = new Map<string, string>();

const nameOf = (userId: number, { book_id, quantity, price }: Purchase) =>
  [userId, book_id, quantity, price].join(" ");

/** One key a try: the same purchase keeps its key until the shop has decided, so that it is never ordered twice. */
export const openTries = {
  keyOf: (userId: number, purchase: Purchase): string => {
    const name = nameOf(userId, purchase);
    const key = open.get(name) ?? randomKey();
    open.set(name, key);
    return key;
  },
  close: (userId: number, purchase: Purchase) => {
    open.delete(nameOf(userId, purchase));
  },
};
