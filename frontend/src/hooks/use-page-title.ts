import { SHOP } from "@/config/shop";
import { announce } from "@/lib/messages";
import { useEffect } from "react";

let announcedPath = window.location.pathname;

/**
 * Sets the document's title and announces it after a change of page. A temporary title, which a
 * better one will replace in a moment, is not announced.
 */
export function usePageTitle(title: string, temporary = false): void {
  useEffect(() => {
    document.title = `${title} · ${SHOP}`;
    const { pathname } = window.location;
    if (temporary || announcedPath === pathname) return;
    announcedPath = pathname;
    announce(title);
  }, [title, temporary]);
}
