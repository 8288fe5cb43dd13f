const LOCK = "deckle-session";

let before: Promise<unknown> = Promise.resolve();

/**
 * Whatever uses or changes the cookie goes one at a time: in all tabs, or in this one at least where
 * there are no locks (a page on plain http that is not localhost).
 */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  if ("locks" in navigator) return navigator.locks.request(LOCK, work);
  const turn = before.then(work, work);
  before = turn.catch(() => undefined);
  return turn;
}
