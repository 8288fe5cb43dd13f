import { renderAt } from "@/testing/render";
import { book } from "@/testing/samples";
import { API, ok, errorResponse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import { http } from "msw";
import { beforeEach, expect, it } from "vitest";
import { BookList } from "./book-list";

const TOTAL = 14;

let queries: string[];

/** Serves 14 books, filtered by the search text in their titles. */
const serveBooks = http.get(`${API}/books`, ({ request }) => {
  const query = new URL(request.url).searchParams;
  queries.push(query.toString());
  const all = Array.from({ length: TOTAL }, (_, index) =>
    book({ book_id: index + 1, title: `Volume ${index + 1}` }),
  ).filter(({ title }) => title.includes(query.get("search") ?? ""));
  const [page, limit] = [Number(query.get("page")), Number(query.get("limit"))];
  return ok({
    data: all.slice((page - 1) * limit, page * limit).map((each) => ({ ...each })),
    pagination: { page, limit, total: all.length, has_more: page * limit < all.length },
  });
});

beforeEach(() => {
  queries = [];
});

it("shows the first page, and the next one when the button is pressed", async () => {
  server.use(serveBooks);
  const { user } = renderAt("/browse", <BookList />);
  expect(await screen.findByText("14 books")).toBeVisible();
  expect(screen.getAllByRole("article")).toHaveLength(12);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await waitFor(() => {
    expect(screen.getAllByRole("article")).toHaveLength(TOTAL);
  });
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  expect(screen.getByRole("link", { name: "Volume 13" })).toHaveFocus();
});

it("requests the books of the URL and removes a filter", async () => {
  server.use(serveBooks);
  const { user, address } = renderAt("/browse?search=Volume+14&sort=title", <BookList />);
  expect(await screen.findByText("1 book")).toBeVisible();
  expect(queries[0]).toBe("search=Volume+14&sort=title&page=1&limit=12");
  await user.click(screen.getByRole("button", { name: "Remove filter “Volume 14”" }));
  expect(await screen.findByText("14 books")).toBeVisible();
  expect(address()).toBe("/browse?sort=title");
});

it("offers to remove a filter when there are no results", async () => {
  server.use(serveBooks);
  const { user, address } = renderAt("/browse?search=zzz&genre=Poetry", <BookList />);
  expect(await screen.findByRole("heading", { name: "No books found" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Remove “zzz”" }));
  await waitFor(() => {
    expect(address()).toBe("/browse?genre=Poetry");
  });
});

it("keeps the loaded books when the next page fails", async () => {
  server.use(serveBooks);
  const { user } = renderAt("/browse", <BookList />);
  await screen.findByText("14 books");
  server.use(http.get(`${API}/books`, () => errorResponse(500, "Oh.")));
  await user.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByText("More books could not be loaded.")).toBeVisible();
  expect(screen.getAllByRole("article")).toHaveLength(12);
  server.use(serveBooks);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => {
    expect(screen.getAllByRole("article")).toHaveLength(TOTAL);
  });
});
