import { render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ErrorBoundary } from "./error-boundary";

function Page({ broken }: { broken: boolean }) {
  if (broken) throw new Error("Failed to fetch dynamically imported module");
  return <p>Page</p>;
}

const page = (locationKey: string, broken: boolean) => (
  <ErrorBoundary locationKey={locationKey}>
    <Page broken={broken} />
  </ErrorBoundary>
);

it("shows the error page until the location changes", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // React logs the error
  const { rerender } = render(page("a", true));
  expect(screen.getByRole("alert")).toHaveTextContent("The shop could not be reached");
  rerender(page("a", false));
  expect(screen.getByRole("alert")).toBeVisible();
  rerender(page("b", false));
  expect(screen.getByText("Page")).toBeVisible();
});
