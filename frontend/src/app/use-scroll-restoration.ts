import { useEffect, useLayoutEffect, useRef } from "react";
import { useLocation, type Location } from "react-router";

const STORAGE_KEY = "scroll-positions";

/** A typed URL has no key of its own: without the path, it would get the position of the previous page. */
const keyOf = ({ key, pathname, search }: Location) =>
  key === "default" ? pathname + search : key;

function readPositions(): Record<string, number> {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}") as Record<string, number>;
  } catch {
    return {}; // storage is forbidden
  }
}

function storePositions(positions: Record<string, number>): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(positions));
  } catch {
    // Where storage is forbidden, a reload starts at the top.
  }
}

const positions = readPositions();

/** Restores the scroll position of a page that was visited before; a new one starts at its top. */
export function useScrollRestoration(): void {
  const location = useLocation();
  const key = keyOf(location);
  const currentKey = useRef(key);
  useLayoutEffect(() => {
    currentKey.current = key;
    const saved = positions[key];
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (saved === undefined && target) target.scrollIntoView();
    else window.scrollTo(0, saved ?? 0);
  }, [key, location.hash]);
  useEffect(() => {
    const record = () => {
      positions[currentKey.current] = window.scrollY;
    };
    const store = () => {
      storePositions(positions);
      window.history.scrollRestoration = "auto";
    };
    const takeOver = () => {
      window.history.scrollRestoration = "manual";
    };
    takeOver();
    window.addEventListener("scroll", record, { passive: true });
    window.addEventListener("pagehide", store);
    window.addEventListener("pageshow", takeOver);
    return () => {
      window.removeEventListener("scroll", record);
      window.removeEventListener("pagehide", store);
      window.removeEventListener("pageshow", takeOver);
    };
  }, []);
}
