import { expect, it } from "vitest";
import { count, total } from "./format";
import { describeStock } from "./stock";

it.each([
  [10.1, 3, 30.3],
  [0.1, 3, 0.3],
  [19.99, 100, 1999],
])("multiplies %d by %i in cents", (price, quantity, sum) => {
  expect(total(price, quantity)).toBe(sum);
});

it.each([
  [0, "Out of stock"],
  [1, "Only 1 left"],
  [10, "Only 10 left"],
  [11, "In stock"],
])("describes a stock of %i", (quantity, words) => {
  expect(describeStock(quantity)).toBe(words);
});

it("adds the unit in singular or plural", () => {
  expect([count(1, "book"), count(2, "book"), count(2, "copy", "copies")]).toEqual([
    "1 book",
    "2 books",
    "2 copies",
  ]);
});
