import { SHOP } from "@/config/shop";
import { announce } from "@/lib/messages";
import { useEffect } from "react";

let told = window.location.pathname;

/**
 * Names the page in the browser's tab, and reads the name out when this is another page than before.
 * With `passing` the name will be a better one in a moment: only the tab shows it.
 */
export function usePageTitle(title: string, passing = false): void {
  useEffect(() => {
    document.title = `${title} · ${SHOP}`;
    const { pathname } = window.location;
    if (passing || told === pathname) return;
    told = pathname;
    announce(title);
  }, [title, passing]);
}
