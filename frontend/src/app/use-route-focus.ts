import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

const find = (place: string) => document.querySelector<HTMLElement>(place);

/** The heading of the page, or what will hold it. */
const focusPage = () => {
  (find("[role=dialog]") ?? find("main h1[tabindex]") ?? find("main"))?.focus({
    preventScroll: true,
  });
};

/** After a change of page, focus stands on the new page's heading. */
export function useRouteFocus(): void {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    focusPage();
  }, [pathname]);
}

/** When the control that had the focus goes away, and nothing else has taken it, the heading gets it. */
export function useLostFocus(): void {
  useEffect(() => {
    let last: EventTarget | null = null;
    const remember = ({ target }: FocusEvent) => {
      last = target;
    };
    const observer = new MutationObserver(() => {
      if (!(last instanceof Element) || last.isConnected) return;
      last = null;
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
