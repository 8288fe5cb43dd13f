import { announce } from "@/lib/messages";
import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

/** After a change of page, focus stands on the new page's heading and its title is read out. */
export function useRouteFocus(): void {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    const find = (place: string) => document.querySelector<HTMLElement>(place);
    (find("main h1[tabindex]") ?? find("main"))?.focus({ preventScroll: true });
    const frame = requestAnimationFrame(() => {
      announce(document.title);
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [pathname]);
}
