import { useEffect, useRef } from "react";

/** Calls `act` once `value` has rested, not on the first render. */
export function useDebounced<T>(value: T, delay: number, act: (value: T) => void): void {
  const latest = useRef(act);
  const first = useRef(true);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = setTimeout(() => {
      latest.current(value);
    }, delay);
    return () => {
      clearTimeout(timer);
    };
  }, [value, delay]);
}
