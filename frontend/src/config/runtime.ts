const KEYS = ["usersUrl", "booksUrl", "ordersUrl", "placeOrderUrl", "displayOrdersUrl"] as const;

export type RuntimeConfig = Record<(typeof KEYS)[number], string>;

/**
 * Returns the base URL of a setting. `:5001` is that port on the page's own host, so that localhost
 * and 127.0.0.1 both work; `/api` is a path of the page's own origin.
 */
export function resolveBase(
  value: string,
  page: Pick<Location, "protocol" | "hostname" | "origin">,
) {
  const base = value.replace(/\/+$/, "");
  if (base.startsWith(":")) return `${page.protocol}//${page.hostname}${base}`;
  return base === "" || base.startsWith("/") ? `${page.origin}${base}` : base;
}

export function parseConfig(raw: unknown, page: Location): RuntimeConfig {
  const values = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  const entries = KEYS.map((key) => {
    const value = values[key];
    if (typeof value !== "string") throw new Error(`config.json must contain ${key} as a string.`);
    return [key, resolveBase(value, page)] as const;
  });
  return Object.fromEntries(entries) as RuntimeConfig;
}

export async function loadConfig(): Promise<RuntimeConfig> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error("config.json could not be loaded.");
  return parseConfig(await response.json(), window.location);
}
