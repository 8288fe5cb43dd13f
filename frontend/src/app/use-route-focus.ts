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
    const place = document.querySelector<HTMLElement>("main h1[tabindex], main");
    place?.focus({ preventScroll: true });
    const frame = requestAnimationFrame(() => {
      announce(document.title);
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [pathname]);
}
