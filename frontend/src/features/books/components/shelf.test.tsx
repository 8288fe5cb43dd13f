import { renderAt } from "@/testing/render";
import { book } from "@/testing/samples";
import { API, ok, refuse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import { http } from "msw";
import { beforeEach, expect, it } from "vitest";
import { Shelf } from "./shelf";

const TOTAL = 14;

let asked: string[];

/** Fourteen books, of which those with that word in their title are found. */
const shelves = http.get(`${API}/books`, ({ request }) => {
  const query = new URL(request.url).searchParams;
  asked.push(query.toString());
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
  asked = [];
});

it("shows a page, and the next one when asked for more", async () => {
  server.use(shelves);
  const { user } = renderAt("/browse", <Shelf />);
  expect(await screen.findByText("14 books")).toBeVisible();
  expect(screen.getAllByRole("article")).toHaveLength(12);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await waitFor(() => {
    expect(screen.getAllByRole("article")).toHaveLength(TOTAL);
  });
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  expect(screen.getByRole("link", { name: "Volume 13" })).toHaveFocus();
});

it("asks for what the address says, and takes a filter away", async () => {
  server.use(shelves);
  const { user, address } = renderAt("/browse?search=Volume+14&sort=title", <Shelf />);
  expect(await screen.findByText("1 book")).toBeVisible();
  expect(asked[0]).toBe("search=Volume+14&sort=title&page=1&limit=12");
  await user.click(screen.getByRole("button", { name: "Remove the filter “Volume 14”" }));
  expect(await screen.findByText("14 books")).toBeVisible();
  expect(address()).toBe("/browse?sort=title");
});

it("helps when nothing was found", async () => {
  server.use(shelves);
  const { user, address } = renderAt("/browse?search=zzz&genre=Poetry", <Shelf />);
  expect(await screen.findByRole("heading", { name: "Nothing on this shelf" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Without “zzz”" }));
  await waitFor(() => {
    expect(address()).toBe("/browse?genre=Poetry");
  });
});

it("keeps what is there when the next page fails", async () => {
  server.use(shelves);
  const { user } = renderAt("/browse", <Shelf />);
  await screen.findByText("14 books");
  server.use(http.get(`${API}/books`, () => refuse(500, "Oh.")));
  await user.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByText("The next books could not be loaded.")).toBeVisible();
  expect(screen.getAllByRole("article")).toHaveLength(12);
  server.use(shelves);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => {
    expect(screen.getAllByRole("article")).toHaveLength(TOTAL);
  });
});
