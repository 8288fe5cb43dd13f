import type { Book, Order } from "@/lib/api/client";

export const book = (overrides: Partial<Book> = {}): Book => ({
  book_id: 7,
  title: "Emma",
  authors: "Jane Austen",
  description: "Matches.",
  ISBN: "9780141439587",
  publishers: "Penguin",
  format: "Paperback",
  genre: "Classics",
  price: 10.1,
  quantity: 5,
  url: "/images/books/9780141439587.svg",
  ...overrides,
});

export const order = (overrides: Partial<Order> = {}): Order => ({
  order_id: 31,
  book_id: 7,
  user_id: 3,
  price: 10.1,
  quantity: 2,
  status: "pending",
  title: "Emma",
  authors: "Jane Austen",
  url: "/images/books/9780141439587.svg",
  order_date: "Tue, 12 Aug 2025 22:19:44 GMT",
  ...overrides,
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** Returns an access token like the gateway's, with an invalid signature, which the app does not check. */
export const token = (name = "Ann", serial = 1, id = 3) =>
  `${encode({ alg: "HS256" })}.${encode({ sub: String(id), name, type: "access", serial })}.signature`;
