import { SHOP } from "@/config/shop";
import { useEffect } from "react";

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${SHOP}`;
  }, [title]);
}
