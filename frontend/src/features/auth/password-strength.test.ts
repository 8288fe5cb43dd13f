import { expect, it } from "vitest";
import { measureStrength } from "./password-strength";

it.each([
  ["", 0],
  ["abc", 0],
  ["aaaaaa", 1],
  ["password", 1],
  ["Sunshine1", 2],
  ["blue teapot 7", 3],
  ["correct horse battery staple", 4],
])("rates “%s” %i of 4", (password, score) => {
  expect(measureStrength(password).score).toBe(score);
});

it("says how many characters are missing", () => {
  expect(measureStrength("abcd").hint).toMatch(/^2 more characters needed/);
});
