import type { Book } from "@/lib/api/client";
import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { book, order, token } from "@/testing/samples";
import { API, ok, errorResponse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import { http, type HttpResponse } from "msw";
import { beforeEach, describe, expect, it } from "vitest";
import { Purchase } from "./purchase";

interface Attempt {
  key: string | null;
  body: unknown;
}

let attempts: Attempt[];

/** Serves the given responses in turn, and the last one again and again. */
function respondWith(...responses: (() => HttpResponse<never> | Response)[]) {
  server.use(
    http.post(`${API}/placeorder`, async ({ request }) => {
      attempts.push({ key: request.headers.get("Idempotency-Key"), body: await request.json() });
      const respond = responses[Math.min(attempts.length, responses.length) - 1];
      return respond?.();
    }),
  );
}

const placed = () => ok({ order_id: 31, status: "pending", data: order() }, 201);
const noPendingOrder = http.get(`${API}/pendingorder/7`, () => ok({ hasPending: false }));
const statusIs = (status: string) =>
  http.get(`${API}/checkorder/31`, () =>
    ok({ order_id: 31, status, data: { order_id: 31, status } }),
  );

async function open(overrides: Partial<Book> = {}, path = "/books/7") {
  const view = renderAt(path, <Purchase book={book(overrides)} />);
  await waitFor(() => {
    expect(screen.getByRole("button", { name: "Buy now" })).toBeEnabled();
  });
  return view;
}

beforeEach(() => {
  attempts = [];
  session.logIn(token());
});

describe("a purchase", () => {
  it("is confirmed first and then tracked until it is final", async () => {
    let status = "pending";
    server.use(
      noPendingOrder,
      http.get(`${API}/checkorder/31`, () =>
        ok({ order_id: 31, status, data: { order_id: 31, status } }),
      ),
    );
    respondWith(placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Increase quantity" }));
    expect(screen.getByLabelText("Total")).toHaveTextContent("$20.20");
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByRole("button", { name: "Order is processing" })).toBeDisabled();
    expect(attempts.map(({ body }) => body)).toEqual([{ book_id: 7, quantity: 2, price: 10.1 }]);
    status = "completed";
    expect(await screen.findByText("Order completed")).toBeVisible();
  });

  it("keeps its key while its result is unknown", async () => {
    server.use(noPendingOrder, statusIs("pending"));
    respondWith(() => errorResponse(503, "Down."), placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(attempts).toHaveLength(2);
    expect(attempts[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(attempts[1]).toEqual(attempts[0]);
  });

  it("keeps its key after the user has left the page and logged in again", async () => {
    server.use(noPendingOrder, statusIs("pending"));
    respondWith(() => errorResponse(504, "Late."), placed);
    const { user, unmount } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByText(/Your order will not be placed twice/);
    unmount();
    session.logOut(true);
    session.logIn(token("Ann", 2));
    const again = await open();
    await again.user.click(screen.getByRole("button", { name: "Buy now" }));
    await again.user.click(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(attempts[1]).toEqual(attempts[0]);
  });

  it("gets a new key after its result is known", async () => {
    server.use(noPendingOrder, statusIs("completed"));
    respondWith(placed);
    const { user } = await open();
    for (const again of ["Buy another", null]) {
      await user.click(await screen.findByRole("button", { name: "Buy now" }));
      await user.click(await screen.findByRole("button", { name: "Place order" }));
      await screen.findByText("Order completed");
      if (again) await user.click(screen.getByRole("button", { name: again }));
    }
    expect(attempts).toHaveLength(2);
    expect(attempts[1]?.key).not.toBe(attempts[0]?.key);
  });

  it("keeps the dialog open until its result is shown", async () => {
    let release: (() => void) | undefined;
    server.use(
      noPendingOrder,
      http.post(`${API}/placeorder`, async () => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return errorResponse(409, "Only 0 left in stock.");
      }),
    );
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByText("Your order is being placed.")).toBeVisible();
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await waitFor(() => {
      expect(release).toBeDefined();
    });
    release?.();
    expect(await screen.findByRole("alert")).toHaveTextContent("This book has just sold out.");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("gets a new key at another price", async () => {
    server.use(noPendingOrder, statusIs("pending"));
    respondWith(() => errorResponse(409, "The price has changed.", { price: 12 }), placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await user.click(await screen.findByRole("button", { name: "Buy at $12.00" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(attempts[1]?.body).toMatchObject({ price: 12 });
    expect(attempts[1]?.key).not.toBe(attempts[0]?.key);
  });

  it("shows the order that is already pending", async () => {
    server.use(noPendingOrder, statusIs("pending"));
    respondWith(() =>
      errorResponse(409, "An order for this book is already being processed.", { ...order() }),
    );
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByRole("button", { name: "Order is processing" })).toBeDisabled();
  });

  it("is not sent twice by two quick clicks", async () => {
    server.use(noPendingOrder, statusIs("pending"));
    respondWith(placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.dblClick(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(attempts).toHaveLength(1);
  });
});

describe("before a purchase", () => {
  it("finds an earlier order that is still pending", async () => {
    server.use(
      http.get(`${API}/pendingorder/7`, () => ok({ hasPending: true, data: { ...order() } })),
      statusIs("failed"),
    );
    renderAt("/books/7", <Purchase book={book()} />);
    expect(await screen.findByText("Order failed")).toBeVisible();
    expect(screen.getByRole("button", { name: "Try again" })).toBeEnabled();
  });

  it.each([
    ["/books/7?quantity=3", 3],
    ["/books/7?quantity=99", 5],
    ["/books/7?quantity=-2", 1],
    ["/books/7?quantity=x", 1],
  ])("limits the quantity of the URL to the stock: %s", async (path, quantity) => {
    server.use(noPendingOrder);
    await open({}, path);
    expect(screen.getByRole("spinbutton")).toHaveValue(quantity);
  });

  it("the log-in link leads back with the same quantity", () => {
    session.logOut();
    renderAt("/books/7?quantity=3", <Purchase book={book()} />);
    expect(screen.getByRole("link", { name: "Log in to buy" })).toHaveAttribute(
      "href",
      "/login?next=%2Fbooks%2F7%3Fquantity%3D3",
    );
  });

  it("says that the session has ended", () => {
    session.logOut(true);
    renderAt("/books/7", <Purchase book={book()} />);
    expect(screen.getByRole("alert")).toHaveTextContent("Your session has ended.");
  });

  it("a sold-out book links to others of its genre", () => {
    session.logOut();
    renderAt("/books/7", <Purchase book={book({ quantity: 0 })} />);
    expect(screen.getByText("Out of stock")).toBeVisible();
    expect(screen.getByRole("link")).toHaveAttribute(
      "href",
      "/browse?genre=Classics&in_stock=true",
    );
  });
});
