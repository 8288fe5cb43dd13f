import type { Book, Order } from "@/lib/api/client";

export const book = (some: Partial<Book> = {}): Book => ({
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
  ...some,
});

export const order = (some: Partial<Order> = {}): Order => ({
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
  ...some,
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token as the gateway makes them, but for its signature, which the app cannot check. */
export const token = (name = "Ann", serial = 1, id = 3) =>
  `${encode({ alg: "HS256" })}.${encode({ sub: String(id), name, type: "access", serial })}.signature`;
