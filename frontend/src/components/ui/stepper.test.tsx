import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { Stepper } from "./stepper";

function Shelf({ max }: { max: number }) {
  const [value, setValue] = useState(1);
  return <Stepper label="Quantity" value={value} max={max} onChange={setValue} />;
}

it("stays within the stock, by button", async () => {
  render(<Shelf max={2} />);
  const user = userEvent.setup();
  const [fewer, more] = [
    screen.getByRole("button", { name: "One fewer" }),
    screen.getByRole("button", { name: "One more" }),
  ];
  expect(fewer).toHaveAttribute("aria-disabled", "true");
  await user.click(more);
  expect(screen.getByRole("spinbutton")).toHaveValue(2);
  expect(more).toHaveAttribute("aria-disabled", "true");
  expect(more).toHaveFocus();
  await user.click(more);
  expect(screen.getByRole("spinbutton")).toHaveValue(2);
});

it.each([
  ["4", 4],
  ["99", 5],
  ["0", 1],
  ["-3", 1],
])("settles what was typed: %s", async (typed, value) => {
  render(<Shelf max={5} />);
  const user = userEvent.setup();
  const field = screen.getByRole("spinbutton");
  await user.clear(field);
  await user.type(field, typed);
  await user.tab();
  expect(field).toHaveValue(value);
});
