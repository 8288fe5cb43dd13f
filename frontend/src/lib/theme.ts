import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "theme";
const BAR: Record<Theme, string> = { light: "#fbfaf5", dark: "#1b2320" };
const listeners = new Set<() => void>();
const system = () => window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = (): Theme => (system().matches ? "dark" : "light");

function wish(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "dark" || kept === "light" ? kept : null;
  } catch {
    return null;
  }
}

function keep(theme: Theme): void {
  try {
    // Who chooses what the system says follows the system again.
    if (theme === systemTheme()) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // A browser that forbids storage forgets the wish with the tab.
  }
}

const read = (): Theme => (document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");

function show(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", BAR[theme]);
  for (const listener of listeners) listener();
}

/** Follows the system while there is no wish, and the other tabs when one is made there. */
export function watchTheme(): void {
  const follow = () => {
    show(wish() ?? systemTheme());
  };
  system().addEventListener("change", follow);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) follow();
  });
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore(subscribe, read);
  const toggle = () => {
    const next = theme === "dark" ? "light" : "dark";
    keep(next);
    show(next);
  };
  return [theme, toggle];
}
