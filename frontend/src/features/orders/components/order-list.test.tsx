import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { order, token } from "@/testing/samples";
import { API, ok, errorResponse, server } from "@/testing/server";
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
  session.logIn(token());
});

it("shows each order with its total, its status and a link to order again", async () => {
  server.use(page([order({ status: "completed" }), order({ order_id: 30, status: "failed" })], 2));
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  const items = await screen.findAllByRole("article");
  expect(items).toHaveLength(2);
  const [first, second] = items as [HTMLElement, HTMLElement];
  expect(within(first).getByText("$20.20")).toBeVisible();
  expect(within(first).getByText("Completed")).toBeVisible();
  expect(within(second).getByText("Failed")).toBeVisible();
  expect(within(first).getByRole("link", { name: "Order again: Emma" })).toHaveAttribute(
    "href",
    "/books/7?quantity=2",
  );
  expect(screen.queryByRole("navigation", { name: "Pages" })).toBeNull();
});

it("polls an order that is being processed", async () => {
  server.use(
    page([order()], 1),
    http.get(`${API}/checkorder/31`, () =>
      ok({ order_id: 31, status: "completed", data: { order_id: 31, status: "completed" } }),
    ),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByText("Completed")).toBeVisible();
});

it("links to the previous and the next page", async () => {
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

it("says that there are no orders yet", async () => {
  server.use(page([], 0));
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByRole("heading", { name: "No orders yet" })).toBeVisible();
});

it("can be loaded again after an error", async () => {
  server.use(
    http.get(`${API}/myorders`, () => errorResponse(500, "Something went wrong on our side.")),
  );
  const { user } = renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByRole("alert")).toHaveTextContent(
    "Something went wrong. Please try again.",
  );
  server.use(page([order({ status: "completed" })], 1));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("article")).toBeVisible();
});

it("trusts the list when it is newer than the polled status", async () => {
  let isCompleted = false;
  const twoOrders = (status: "pending" | "completed") => [
    order({ order_id: 31, status }),
    order({ order_id: 30, status }),
  ];
  const statusOf = (id: number, status: string) =>
    ok({ order_id: id, status, data: { order_id: id, status } });
  server.use(
    http.get(`${API}/myorders`, () =>
      ok({
        data: twoOrders(isCompleted ? "completed" : "pending").map((each) => ({ ...each })),
        pagination: { page: 1, limit: 6, total: 2, has_more: false },
      }),
    ),
    http.get(`${API}/checkorder/31`, () => statusOf(31, isCompleted ? "completed" : "pending")),
    // The status of this order alone never changes.
    http.get(`${API}/checkorder/30`, () => statusOf(30, "pending")),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findAllByText("Processing")).toHaveLength(2);
  isCompleted = true;
  await waitFor(() => {
    expect(screen.getAllByText("Completed")).toHaveLength(2);
  });
});

it("says so when the status cannot be updated", async () => {
  server.use(
    page([order()], 1),
    http.get(`${API}/checkorder/31`, () => errorResponse(503, "Down.")),
  );
  renderAt("/myorders", <OrderList userId={3} page={1} />);
  expect(await screen.findByText(/we will keep checking its status/)).toBeVisible();
  expect(screen.getByText("Processing")).toBeVisible();
});

it("redirects to the last page when the requested one does not exist", async () => {
  server.use(page([], 13));
  const { address } = renderAt("/myorders?page=99", <OrderList userId={3} page={99} />);
  await waitFor(() => {
    expect(address()).toBe("/myorders?page=3");
  });
});
