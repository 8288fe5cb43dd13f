import { useSyncExternalStore } from "react";

let pending = 0;
const listeners = new Set<() => void>();

function change(by: number): void {
  pending += by;
  // Not at once: React loads lazy components while it renders, when no state may change.
  queueMicrotask(() => {
    for (const listener of listeners) listener();
  });
}

/** Counts a page as loading until the promise is settled. */
export function trackPageLoad<T>(load: Promise<T>): Promise<T> {
  change(1);
  return load.finally(() => {
    change(-1);
  });
}

/** Returns whether the code of a page is loading. */
export const usePageLoading = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => pending > 0,
  );
