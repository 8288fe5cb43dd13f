import { renderAt } from "@/testing/render";
import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { SearchBox } from "./search-box";

it("searches once one has stopped typing", async () => {
  const { user, address, router } = renderAt("/browse?genre=Poetry", <SearchBox />);
  const seen: string[] = [];
  router.subscribe(({ location }) => {
    seen.push(location.search);
  });
  await user.type(screen.getByRole("searchbox"), "dickinson");
  await waitFor(() => {
    expect(address()).toBe("/browse?genre=Poetry&search=dickinson");
  });
  expect(new Set(seen)).toEqual(new Set(["?genre=Poetry&search=dickinson"]));
});

it("is cleared by one button, which gives the focus back", async () => {
  const { user, address } = renderAt("/browse?search=dune", <SearchBox />);
  expect(screen.getByRole("searchbox")).toHaveValue("dune");
  await user.click(screen.getByRole("button", { name: "Clear the search" }));
  expect(screen.getByRole("searchbox")).toHaveFocus();
  expect(address()).toBe("/browse");
});

it("leads from elsewhere to the list on Enter", async () => {
  const { user, address } = renderAt("/books/7", <SearchBox />);
  await user.type(screen.getByRole("searchbox"), "dune{Enter}");
  await waitFor(() => {
    expect(address()).toBe("/browse?search=dune");
  });
});
