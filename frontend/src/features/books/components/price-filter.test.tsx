import { renderAt } from "@/testing/render";
import { API, ok, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import { http } from "msw";
import { beforeEach, expect, it } from "vitest";
import { PriceFilter } from "./price-filter";

beforeEach(() => {
  server.use(
    http.get(`${API}/genres`, () => ok({ data: [], price_range: { lowest: 8, highest: 85 } })),
  );
});

it("applies a typed price at once on Enter", async () => {
  const { user, address } = renderAt("/browse?sort=title", <PriceFilter />);
  await user.type(screen.getByLabelText("Highest price"), "12,50{Enter}");
  expect(address()).toBe("/browse?sort=title&max_price=12.50");
});

it("applies a typed price when the field loses the focus", async () => {
  const { user, address } = renderAt("/browse", <PriceFilter />);
  await user.type(screen.getByLabelText("Lowest price"), "9");
  await user.tab();
  expect(address()).toBe("/browse?min_price=9");
});

it("adds one history entry even if it is typed slowly", async () => {
  const { user, address, router } = renderAt("/browse", <PriceFilter />);
  const field = screen.getByLabelText("Highest price");
  for (const letter of ["1", "2"]) {
    await user.type(field, letter);
    await waitFor(() => {
      expect(address()).toMatch(new RegExp(`${letter}$`));
    });
  }
  expect(address()).toBe("/browse?max_price=12");
  await router.navigate(-1);
  await waitFor(() => {
    expect(field).toHaveValue("");
  });
});

it.each(["-5", "abc", "12.345"])("rejects %s with a message", async (text) => {
  const { user, address } = renderAt("/browse", <PriceFilter />);
  const field = screen.getByLabelText("Lowest price");
  await user.type(field, `${text}{Enter}`);
  expect(screen.getByText("Enter an amount such as 12 or 12.50.")).toBeVisible();
  expect(field).toHaveAccessibleDescription("Enter an amount such as 12 or 12.50.");
  expect(address()).toBe("/browse");
});

it("says that the lowest price is above the highest", () => {
  renderAt("/browse?min_price=50&max_price=10", <PriceFilter />);
  expect(screen.getByRole("status")).toHaveTextContent(
    "The lowest price must not exceed the highest price.",
  );
});
