const LOCK_NAME = "deckle-session";

let lastInThisTab: Promise<unknown> = Promise.resolve();

/**
 * Runs a task that uses the refresh cookie, one at a time. The lock covers all tabs, or only this one
 * where the browser has no locks (plain http on another host than localhost).
 */
export async function withSessionLock<T>(task: () => Promise<T>): Promise<T> {
  if ("locks" in navigator) return navigator.locks.request(LOCK_NAME, task);
  const current = lastInThisTab.then(task, task);
  lastInThisTab = current.catch(() => undefined);
  return current;
}
