import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { QuantityStepper } from "./quantity-stepper";

function Harness({ max }: { max: number }) {
  const [value, setValue] = useState(1);
  return <QuantityStepper label="Quantity" value={value} max={max} onChange={setValue} />;
}

it("keeps the quantity within the stock when the buttons are pressed", async () => {
  render(<Harness max={2} />);
  const user = userEvent.setup();
  const [decrease, increase] = [
    screen.getByRole("button", { name: "Decrease quantity" }),
    screen.getByRole("button", { name: "Increase quantity" }),
  ];
  expect(decrease).toHaveAttribute("aria-disabled", "true");
  await user.click(increase);
  expect(screen.getByRole("spinbutton")).toHaveValue(2);
  expect(increase).toHaveAttribute("aria-disabled", "true");
  expect(increase).toHaveFocus();
  await user.click(increase);
  expect(screen.getByRole("spinbutton")).toHaveValue(2);
});

it.each([
  ["4", 4],
  ["99", 5],
  ["0", 1],
  ["-3", 1],
])("corrects a typed quantity: %s", async (typed, value) => {
  render(<Harness max={5} />);
  const user = userEvent.setup();
  const field = screen.getByRole("spinbutton");
  await user.clear(field);
  await user.type(field, typed);
  await user.tab();
  expect(field).toHaveValue(value);
});
