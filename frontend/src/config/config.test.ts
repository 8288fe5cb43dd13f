import { describe, expect, it } from "vitest";
import { paths, safeNext } from "./paths";
import { parseConfig, resolveBase } from "./runtime";

const page = { protocol: "http:", hostname: "127.0.0.1", origin: "http://127.0.0.1:5173" };

describe("API base URLs", () => {
  it.each([
    [":5001", "http://127.0.0.1:5001"],
    ["/api/", "http://127.0.0.1:5173/api"],
    ["", "http://127.0.0.1:5173"],
    ["https://api.example/", "https://api.example"],
  ])("are resolved on the page's own host: %s", (value, base) => {
    expect(resolveBase(value, page)).toBe(base);
  });

  it("are rejected when one is missing", () => {
    expect(() => parseConfig({ usersUrl: ":5001" }, window.location)).toThrow("booksUrl");
    expect(() => parseConfig(null, window.location)).toThrow("usersUrl");
  });
});

describe("the page after log-in", () => {
  it.each([
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "",
  ])("is never another site: %s", (next) => {
    expect(safeNext(next)).toBe("/browse");
  });

  it("is the page that the user came from", () => {
    expect(safeNext("/books/7?quantity=2")).toBe("/books/7?quantity=2");
    expect(paths.logIn("/myorders?page=2")).toBe("/login?next=%2Fmyorders%3Fpage%3D2");
    expect(paths.logIn("/")).toBe("/login");
  });
});
