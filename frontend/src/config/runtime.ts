const KEYS = ["usersUrl", "booksUrl", "ordersUrl", "placeOrderUrl", "displayOrdersUrl"] as const;

export type RuntimeConfig = Record<(typeof KEYS)[number], string>;

/**
 * `:5001` is that port of the page's own host, so that localhost and 127.0.0.1 both work;
 * `/api` is a path of the page's own origin; anything else is an address as it stands.
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
  const given = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  const entries = KEYS.map((key) => {
    const value = given[key];
    if (typeof value !== "string") throw new Error(`config.json must give ${key} as a string.`);
    return [key, resolveBase(value, page)] as const;
  });
  return Object.fromEntries(entries) as RuntimeConfig;
}

export async function loadConfig(): Promise<RuntimeConfig> {
  const answer = await fetch("/config.json");
  if (!answer.ok) throw new Error("config.json could not be read.");
  return parseConfig(await answer.json(), window.location);
}
