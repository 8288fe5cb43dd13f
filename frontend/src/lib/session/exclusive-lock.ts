const LOCK_NAME = "deckle-session";

let lastInThisTab: Promise<unknown> = Promise.resolve();

async function withLockOfThisTab<T>(task: () => Promise<T>): Promise<T> {
  const current = lastInThisTab.then(task, task);
  lastInThisTab = current.catch(() => undefined);
  return current;
}

/**
 * Runs a task that uses the refresh cookie, one at a time. The lock covers all tabs, or only this one
 * where the browser has no locks (plain http on another host than localhost) or forbids them together with cookies.
 */
export async function withSessionLock<T>(task: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return withLockOfThisTab(task);
  const started: Promise<T>[] = [];
  try {
    return await navigator.locks.request(LOCK_NAME, () => {
      const result = task();
      started.push(result);
      return result;
    });
  } catch (error) {
    if (started.length > 0) throw error; // the task's own
    return withLockOfThisTab(task);
  }
}
