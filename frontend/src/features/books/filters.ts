export const SORTS = {
  "": "Default",
  newest: "Newest first",
  title: "Title, A to Z",
  "-title": "Title, Z to A",
  price: "Price, low to high",
  "-price": "Price, high to low",
} as const;

export type Sort = Exclude<keyof typeof SORTS, "">;

export interface Filters {
  genre?: string;
  search?: string;
  min_price?: string;
  max_price?: string;
  in_stock?: boolean;
  sort?: Sort;
}

const TEXTS = ["genre", "search"] as const;
const AMOUNTS = ["min_price", "max_price"] as const;
const AMOUNT = /^\d{1,6}(\.\d{1,2})?$/;
const MAX_TEXT_LENGTH = 100;

export const isAmount = (text: string) => AMOUNT.test(text);

/** Reads the filters from the URL and ignores invalid values. */
export function readFilters(params: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const name of TEXTS) {
    const text = params
      .get(name)
      ?.replace(/\p{Cc}/gu, "")
      .trim()
      .slice(0, MAX_TEXT_LENGTH);
    if (text) filters[name] = text;
  }
  for (const name of AMOUNTS) {
    const text = params.get(name) ?? "";
    if (isAmount(text)) filters[name] = text;
  }
  if (params.get("in_stock") === "true") filters.in_stock = true;
  const sort = params.get("sort");
  if (sort && Object.hasOwn(SORTS, sort)) filters.sort = sort as Sort;
  return filters;
}

export function writeFilters(filters: Filters): URLSearchParams {
  const set = Object.entries(filters).filter(([, value]) => value !== undefined && value !== false);
  return new URLSearchParams(set.map(([name, value]) => [name, String(value)]));
}

/** Returns the filters that narrow the list, each with its label. */
export function activeFilters(filters: Filters): { name: keyof Filters; label: string }[] {
  const active: { name: keyof Filters; label: string }[] = [];
  if (filters.search) active.push({ name: "search", label: `“${filters.search}”` });
  if (filters.genre) active.push({ name: "genre", label: filters.genre });
  if (filters.min_price) active.push({ name: "min_price", label: `from $${filters.min_price}` });
  if (filters.max_price) active.push({ name: "max_price", label: `up to $${filters.max_price}` });
  if (filters.in_stock) active.push({ name: "in_stock", label: "in stock" });
  return active;
}

export function listTitle({ genre, search }: Filters): string {
  if (search) return genre ? `“${search}” in ${genre}` : `“${search}”`;
  return genre ?? "All books";
}
