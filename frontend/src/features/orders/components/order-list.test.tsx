import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { order, token } from "@/testing/samples";
import { API, ok, refuse, server } from "@/testing/server";
import { screen, waitFor, within } from "@testing-library/react";
import { http } from "msw";
import { beforeEach, expect, it } from "vitest";
import { OrderList } from "./order-list";

const page = (orders: ReturnType<typeof order>[], total: number) =>
  http.get(`${API}/myorders`, ({ request }) => {
    const query = new URL(request.url).searchParams;
    return ok({
      data: orders.map((each) => ({ ...each })),
      pagination: { page: Number(query.get("page")), limit: 6, total, has_more: total > 6 },
    });
  });

beforeEach(() => {
  session.enter(token());
});

it("shows each order with its total, its state and a way to order again", async () => {
  server.use(page([order({ status: "completed" }), order({ order_id: 30, status: "failed" })], 2));
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  const rows = await screen.findAllByRole("article");
  expect(rows).toHaveLength(2);
  const [first, second] = rows as [HTMLElement, HTMLElement];
  expect(within(first).getByText("$20.20")).toBeVisible();
  expect(within(first).getByText("Completed")).toBeVisible();
  expect(within(second).getByText("Failed")).toBeVisible();
  expect(within(first).getByRole("link", { name: "Order again: Emma" })).toHaveAttribute(
    "href",
    "/books/7?quantity=2",
  );
  expect(screen.queryByRole("navigation", { name: "Pages" })).toBeNull();
});

it("follows an order that is being processed", async () => {
  server.use(
    page([order()], 1),
    http.get(`${API}/checkorder/31`, () =>
      ok({ order_id: 31, status: "completed", data: { order_id: 31, status: "completed" } }),
    ),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByText("Completed")).toBeVisible();
});

it("has pages", async () => {
  server.use(page([order({ status: "completed" })], 13));
  renderAt("/myorders?page=2", <OrderList userId={3} page={2} />);
  const pages = await screen.findByRole("navigation", { name: "Pages" });
  expect(pages).toHaveTextContent("Page 2 of 3");
  expect(within(pages).getByRole("link", { name: "Newer" })).toHaveAttribute("href", "/myorders");
  expect(within(pages).getByRole("link", { name: "Older" })).toHaveAttribute(
    "href",
    "/myorders?page=3",
  );
});

it("says that there are none yet", async () => {
  server.use(page([], 0));
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByRole("heading", { name: "No orders yet" })).toBeVisible();
});

it("can be asked again after trouble", async () => {
  server.use(http.get(`${API}/myorders`, () => refuse(500, "Something went wrong on our side.")));
  const { user } = renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByRole("alert")).toHaveTextContent("Something went wrong at the shop.");
  server.use(page([order({ status: "completed" })], 1));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("article")).toBeVisible();
});

it("believes the list when that knows more than the last look at an order", async () => {
  let ended = false;
  const both = (status: "pending" | "completed") => [
    order({ order_id: 31, status }),
    order({ order_id: 30, status }),
  ];
  const stands = (id: number, status: string) =>
    ok({ order_id: id, status, data: { order_id: id, status } });
  server.use(
    http.get(`${API}/myorders`, () =>
      ok({
        data: both(ended ? "completed" : "pending").map((each) => ({ ...each })),
        pagination: { page: 1, limit: 6, total: 2, has_more: false },
      }),
    ),
    http.get(`${API}/checkorder/31`, () => stands(31, ended ? "completed" : "pending")),
    // Whoever asked for this one only would see it pending for ever.
    http.get(`${API}/checkorder/30`, () => stands(30, "pending")),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findAllByText("Processing")).toHaveLength(2);
  ended = true;
  await waitFor(() => {
    expect(screen.getAllByText("Completed")).toHaveLength(2);
  });
});

it("says so when no news come", async () => {
  server.use(
    page([order()], 1),
    http.get(`${API}/checkorder/31`, () => refuse(503, "Down.")),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByText(/The order goes on; we keep looking/)).toBeVisible();
  expect(screen.getByText("Processing")).toBeVisible();
});

it("shows the last page instead of one that is not there", async () => {
  server.use(page([], 13));
  const { address } = renderAt("/myorders?page=99", <OrderList userId={3} page={99} />);
  await waitFor(() => {
    expect(address()).toBe("/myorders?page=3");
  });
});
