import type { Book } from "@/lib/api/client";
import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { book, order, token } from "@/testing/samples";
import { API, ok, refuse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import { http, type HttpResponse } from "msw";
import { beforeEach, describe, expect, it } from "vitest";
import { Purchase } from "./purchase";

interface Try {
  key: string | null;
  body: unknown;
}

let tries: Try[];

/** What the gateway answers to each try in turn; the last answer stays. */
function answerTries(...answers: (() => HttpResponse<never> | Response)[]) {
  server.use(
    http.post(`${API}/placeorder`, async ({ request }) => {
      tries.push({ key: request.headers.get("Idempotency-Key"), body: await request.json() });
      const answer = answers[Math.min(tries.length, answers.length) - 1];
      return answer?.();
    }),
  );
}

const placed = () => ok({ order_id: 31, status: "pending", data: order() }, 201);
const nonePending = http.get(`${API}/pendingorder/7`, () => ok({ hasPending: false }));
const stands = (status: string) =>
  http.get(`${API}/checkorder/31`, () =>
    ok({ order_id: 31, status, data: { order_id: 31, status } }),
  );

async function open(some: Partial<Book> = {}, path = "/books/7") {
  const view = renderAt(path, <Purchase book={book(some)} />);
  await waitFor(() => {
    expect(screen.getByRole("button", { name: "Buy now" })).toBeEnabled();
  });
  return view;
}

beforeEach(() => {
  tries = [];
  session.enter(token());
});

describe("a purchase", () => {
  it("is confirmed first, then watched until it ends", async () => {
    let status = "pending";
    server.use(
      nonePending,
      http.get(`${API}/checkorder/31`, () =>
        ok({ order_id: 31, status, data: { order_id: 31, status } }),
      ),
    );
    answerTries(placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "One more" }));
    expect(screen.getByLabelText("Total")).toHaveTextContent("$20.20");
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByRole("button", { name: "Order is processing" })).toBeDisabled();
    expect(tries.map(({ body }) => body)).toEqual([{ book_id: 7, quantity: 2, price: 10.1 }]);
    status = "completed";
    expect(await screen.findByText("Order completed")).toBeVisible();
  });

  it("keeps its key when nobody knows whether it was taken", async () => {
    server.use(nonePending, stands("pending"));
    answerTries(() => refuse(503, "Down."), placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(tries).toHaveLength(2);
    expect(tries[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(tries[1]).toEqual(tries[0]);
  });

  it("keeps its key also when the page was left, and somebody logged in again, in between", async () => {
    server.use(nonePending, stands("pending"));
    answerTries(() => refuse(504, "Late."), placed);
    const { user, unmount } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByText(/You will not order twice/);
    unmount();
    session.leave(true);
    session.enter(token("Ann", 2));
    const again = await open();
    await again.user.click(screen.getByRole("button", { name: "Buy now" }));
    await again.user.click(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(tries[1]).toEqual(tries[0]);
  });

  it("is another one after it was decided", async () => {
    server.use(nonePending, stands("completed"));
    answerTries(placed);
    const { user } = await open();
    for (const again of ["Buy another", null]) {
      await user.click(await screen.findByRole("button", { name: "Buy now" }));
      await user.click(await screen.findByRole("button", { name: "Place order" }));
      await screen.findByText("Order completed");
      if (again) await user.click(screen.getByRole("button", { name: again }));
    }
    expect(tries).toHaveLength(2);
    expect(tries[1]?.key).not.toBe(tries[0]?.key);
  });

  it("cannot be left while it is on its way, and what becomes of it is shown", async () => {
    let answer: (() => void) | undefined;
    server.use(
      nonePending,
      http.post(`${API}/placeorder`, async () => {
        await new Promise<void>((done) => {
          answer = done;
        });
        return refuse(409, "Only 0 left in stock.");
      }),
    );
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByText("Your order is on its way to the shop.")).toBeVisible();
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Not yet" }));
    await waitFor(() => {
      expect(answer).toBeDefined();
    });
    answer?.();
    expect(await screen.findByRole("alert")).toHaveTextContent("The last copy was sold");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("is another one at another price", async () => {
    server.use(nonePending, stands("pending"));
    answerTries(() => refuse(409, "The price has changed.", { price: 12 }), placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    await user.click(await screen.findByRole("button", { name: "Buy at $12.00" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(tries[1]?.body).toMatchObject({ price: 12 });
    expect(tries[1]?.key).not.toBe(tries[0]?.key);
  });

  it("shows the order that is on its way already", async () => {
    server.use(nonePending, stands("pending"));
    answerTries(() =>
      refuse(409, "An order for this book is already being processed.", { ...order() }),
    );
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.click(await screen.findByRole("button", { name: "Place order" }));
    expect(await screen.findByRole("button", { name: "Order is processing" })).toBeDisabled();
  });

  it("is not sent twice by two quick clicks", async () => {
    server.use(nonePending, stands("pending"));
    answerTries(placed);
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "Buy now" }));
    await user.dblClick(await screen.findByRole("button", { name: "Place order" }));
    await screen.findByRole("button", { name: "Order is processing" });
    expect(tries).toHaveLength(1);
  });
});

describe("before a purchase", () => {
  it("an order from before is found again", async () => {
    server.use(
      http.get(`${API}/pendingorder/7`, () => ok({ hasPending: true, data: { ...order() } })),
      stands("failed"),
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
  ])("the quantity of the address is kept within the stock: %s", async (path, quantity) => {
    server.use(nonePending);
    await open({}, path);
    expect(screen.getByRole("spinbutton")).toHaveValue(quantity);
  });

  it("a guest logs in, and comes back with the same quantity", () => {
    session.leave();
    renderAt("/books/7?quantity=3", <Purchase book={book()} />);
    expect(screen.getByRole("link", { name: "Log in to buy" })).toHaveAttribute(
      "href",
      "/login?next=%2Fbooks%2F7%3Fquantity%3D3",
    );
  });

  it("a guest whose session has just ended is told so", () => {
    session.leave(true);
    renderAt("/books/7", <Purchase book={book()} />);
    expect(screen.getByRole("alert")).toHaveTextContent("Your session has ended.");
  });

  it("a book without stock has a way to others", () => {
    session.leave();
    renderAt("/books/7", <Purchase book={book({ quantity: 0 })} />);
    expect(screen.getByText("Out of stock")).toBeVisible();
    expect(screen.getByRole("link")).toHaveAttribute(
      "href",
      "/browse?genre=Classics&in_stock=true",
    );
  });
});
