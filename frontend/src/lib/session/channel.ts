import { session } from "./store";

type News =
  | { kind: "entered"; token: string }
  | { kind: "left"; ended: boolean }
  | { kind: "orders"; bookId: number };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("deckle");
const orderListeners = new Set<(bookId: number) => void>();

/** Tells the other tabs. */
export function tellTabs(news: News): void {
  channel?.postMessage(news);
}

export function onOrdersElsewhere(listener: (bookId: number) => void): () => void {
  orderListeners.add(listener);
  return () => void orderListeners.delete(listener);
}

channel?.addEventListener("message", ({ data }: MessageEvent<News>) => {
  if (data.kind === "entered") session.enter(data.token);
  else if (data.kind === "left") session.leave(data.ended);
  else for (const listener of orderListeners) listener(data.bookId);
});
