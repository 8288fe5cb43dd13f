import { session } from "./store";

type TabMessage =
  | { kind: "logged-in"; token: string }
  | { kind: "logged-out"; expired: boolean }
  | { kind: "order-placed"; bookId: number };

/** Returns null where the browser has no channels, or forbids them together with cookies. */
function openChannel(): BroadcastChannel | null {
  try {
    return new BroadcastChannel("deckle");
  } catch {
    return null;
  }
}

const channel = openChannel();
const orderListeners = new Set<(bookId: number) => void>();

export function notifyOtherTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

/** Calls the listener when another tab has placed an order. Returns the function that removes it. */
export function onOrderInOtherTab(listener: (bookId: number) => void): () => void {
  orderListeners.add(listener);
  return () => void orderListeners.delete(listener);
}

channel?.addEventListener("message", ({ data: message }: MessageEvent<TabMessage>) => {
  if (message.kind === "logged-in") session.logIn(message.token);
  else if (message.kind === "logged-out") session.logOut(message.expired);
  else for (const listener of orderListeners) listener(message.bookId);
});
