import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const STORAGE_KEY = "theme";
const BAR_COLORS: Record<Theme, string> = { light: "#fbfaf5", dark: "#1b2320" };
const listeners = new Set<() => void>();
const darkQuery = () => window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = (): Theme => (darkQuery().matches ? "dark" : "light");

function storedTheme(): Theme | null {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === "dark" || stored === "light" ? stored : null;
  } catch {
    return null;
  }
}

function store(theme: Theme): void {
  try {
    // Choosing the system's own theme means following the system again.
    if (theme === systemTheme()) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // Where storage is forbidden, the choice lasts until the page is closed.
  }
}

const currentTheme = (): Theme =>
  document.documentElement.dataset["theme"] === "dark" ? "dark" : "light";

function apply(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", BAR_COLORS[theme]);
  for (const listener of listeners) listener();
}

/** Follows the system's theme until the user chooses one, here or in another tab. */
export function watchTheme(): void {
  const update = () => {
    apply(storedTheme() ?? systemTheme());
  };
  darkQuery().addEventListener("change", update);
  window.addEventListener("storage", (event) => {
    if (event.key === STORAGE_KEY) update();
  });
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore(subscribe, currentTheme);
  const toggle = () => {
    const next = theme === "dark" ? "light" : "dark";
    store(next);
    apply(next);
  };
  return [theme, toggle];
}
