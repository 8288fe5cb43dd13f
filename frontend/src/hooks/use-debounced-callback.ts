import { useCallback, useEffect, useRef } from "react";

/**
 * Calls `callback` when `value` has not changed for a while, but not after the first render.
 * Returns the function that cancels a scheduled call.
 */
export function useDebouncedCallback<T>(
  value: T,
  delayMs: number,
  callback: (value: T) => void,
): () => void {
  const latest = useRef(callback);
  const isFirst = useRef(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const cancel = useCallback(() => {
    clearTimeout(timer.current);
  }, []);
  useEffect(() => {
    latest.current = callback;
  });
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    timer.current = setTimeout(() => {
      latest.current(value);
    }, delayMs);
    return cancel;
  }, [value, delayMs, cancel]);
  return cancel;
}
