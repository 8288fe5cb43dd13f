import { renderAt } from "@/testing/render";
import { TYPED } from "@/hooks/use-address-text";
import { act, screen, waitFor } from "@testing-library/react";
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

it("keeps what was typed after the search was sent, and follows the address otherwise", async () => {
  const { user, router } = renderAt("/browse", <SearchBox />);
  const field = screen.getByRole("searchbox");
  await user.type(field, "dune");
  await act(() => router.navigate("/browse?search=dun", TYPED));
  expect(field).toHaveValue("dune");
  await act(() => router.navigate("/browse?search=emma"));
  expect(field).toHaveValue("emma");
  await act(() => router.navigate(-1));
  expect(field).toHaveValue("dun");
});

it("makes one step in the history a search", async () => {
  const { user, address, router } = renderAt("/browse", <SearchBox />);
  const field = screen.getByRole("searchbox");
  for (const wanted of ["dune", "emma"]) {
    await user.clear(field);
    await user.type(field, `${wanted}{Enter}{Enter}`);
    await waitFor(() => {
      expect(address()).toBe(`/browse?search=${wanted}`);
    });
  }
  await act(() => router.navigate(-1));
  expect(address()).toBe("/browse?search=dune");
  expect(field).toHaveValue("dune");
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
