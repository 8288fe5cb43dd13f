import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

const find = (selector: string) => document.querySelector<HTMLElement>(selector);

/** Focuses an open dialog, the page's heading, or `main` while there is no heading yet. */
const focusPage = () => {
  (find("[role=dialog]") ?? find("main h1[tabindex]") ?? find("main"))?.focus({
    preventScroll: true,
  });
};

/** Moves the focus to the new page's heading after a change of page. */
export function useRouteFocus(): void {
  const { pathname } = useLocation();
  const previous = useRef(pathname);
  useEffect(() => {
    if (previous.current === pathname) return;
    previous.current = pathname;
    focusPage();
  }, [pathname]);
}

/** Moves the focus to the heading when the focused element is removed and nothing else takes the focus. */
export function useLostFocus(): void {
  useEffect(() => {
    let lastFocused: EventTarget | null = null;
    const remember = ({ target }: FocusEvent) => {
      lastFocused = target;
    };
    const observer = new MutationObserver(() => {
      if (!(lastFocused instanceof Element) || lastFocused.isConnected) return;
      lastFocused = null;
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) focusPage();
      });
    });
    document.addEventListener("focusin", remember);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", remember);
      observer.disconnect();
    };
  }, []);
}
