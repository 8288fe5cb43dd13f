import { describe, expect, it } from "vitest";
import { listTitle, activeFilters, readFilters, writeFilters } from "./filters";

const read = (query: string) => readFilters(new URLSearchParams(query));

describe("filters in the URL", () => {
  it("are read as they were written", () => {
    const filters = {
      genre: "Poetry",
      search: "100%",
      min_price: "5",
      max_price: "20.50",
      in_stock: true,
      sort: "-price",
    } as const;
    expect(readFilters(writeFilters(filters))).toEqual(filters);
  });

  it.each([
    "min_price=cheap",
    "max_price=-1",
    "min_price=1.234",
    "sort=random",
    "sort=toString",
    "in_stock=yes",
    "search=%20",
    "search=%00",
    "unknown=1",
  ])("ignore invalid values: %s", (query) => {
    expect(read(query)).toEqual({});
  });

  it("are limited to the length of the search box", () => {
    expect(read(`search=${"x".repeat(400)}`).search).toHaveLength(100);
    expect(read("search=a%00b").search).toBe("ab");
  });

  it("omit filters that are not set", () => {
    expect(writeFilters({ in_stock: false }).toString()).toBe("");
  });
});

describe("labels of filters", () => {
  it("name each filter that narrows the list, but not the sort order", () => {
    const filters = read(
      "search=dune&genre=Fantasy&min_price=5&max_price=9&in_stock=true&sort=title",
    );
    expect(activeFilters(filters).map(({ label }) => label)).toEqual([
      "“dune”",
      "Fantasy",
      "from $5",
      "up to $9",
      "in stock",
    ]);
  });

  it.each([
    ["", "All books"],
    ["genre=Poetry", "Poetry"],
    ["search=dune", "“dune”"],
    ["search=dune&genre=Poetry", "“dune” in Poetry"],
  ])("form the title of the page: %s", (query, title) => {
    expect(listTitle(read(query))).toBe(title);
  });
});
