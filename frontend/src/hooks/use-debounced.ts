import { useCallback, useEffect, useRef } from "react";

/** Calls `act` once `value` has rested, not on the first render. Answers how to call it off. */
export function useDebounced<T>(value: T, delay: number, act: (value: T) => void): () => void {
  const latest = useRef(act);
  const first = useRef(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const cancel = useCallback(() => {
    clearTimeout(timer.current);
  }, []);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    timer.current = setTimeout(() => {
      latest.current(value);
    }, delay);
    return cancel;
  }, [value, delay, cancel]);
  return cancel;
}
