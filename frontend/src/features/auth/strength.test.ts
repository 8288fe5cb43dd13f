import { expect, it } from "vitest";
import { strengthOf } from "./strength";

it.each([
  ["", 0],
  ["abc", 0],
  ["aaaaaa", 1],
  ["password", 1],
  ["Sunshine1", 2],
  ["blue teapot 7", 3],
  ["correct horse battery staple", 4],
])("the hint for “%s” is %i of 4", (password, score) => {
  expect(strengthOf(password).score).toBe(score);
});

it("says how many characters are missing", () => {
  expect(strengthOf("abcd").words).toMatch(/^2 more to go/);
});
