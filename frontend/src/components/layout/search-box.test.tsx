import { renderAt } from "@/testing/render";
import { TYPED_NAVIGATION } from "@/hooks/use-url-text";
import { act, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { SearchBox } from "./search-box";

it("searches when the user has stopped typing", async () => {
  const { user, address, router } = renderAt("/browse?genre=Poetry", <SearchBox />);
  const searches: string[] = [];
  router.subscribe(({ location }) => {
    searches.push(location.search);
  });
  await user.type(screen.getByRole("searchbox"), "dickinson");
  await waitFor(() => {
    expect(address()).toBe("/browse?genre=Poetry&search=dickinson");
  });
  expect(new Set(searches)).toEqual(new Set(["?genre=Poetry&search=dickinson"]));
});

it("keeps text typed after the search was sent, and follows the URL otherwise", async () => {
  const { user, router } = renderAt("/browse", <SearchBox />);
  const field = screen.getByRole("searchbox");
  await user.type(field, "dune");
  await act(() => router.navigate("/browse?search=dun", TYPED_NAVIGATION));
  expect(field).toHaveValue("dune");
  await act(() => router.navigate("/browse?search=emma"));
  expect(field).toHaveValue("emma");
  await act(() => router.navigate(-1));
  expect(field).toHaveValue("dun");
});

it("adds one history entry per search", async () => {
  const { user, address, router } = renderAt("/browse", <SearchBox />);
  const field = screen.getByRole("searchbox");
  for (const query of ["dune", "emma"]) {
    await user.clear(field);
    await user.type(field, `${query}{Enter}{Enter}`);
    await waitFor(() => {
      expect(address()).toBe(`/browse?search=${query}`);
    });
  }
  await act(() => router.navigate(-1));
  expect(address()).toBe("/browse?search=dune");
  expect(field).toHaveValue("dune");
});

it("is cleared by a button that returns the focus to the field", async () => {
  const { user, address } = renderAt("/browse?search=dune", <SearchBox />);
  expect(screen.getByRole("searchbox")).toHaveValue("dune");
  await user.click(screen.getByRole("button", { name: "Clear search" }));
  expect(screen.getByRole("searchbox")).toHaveFocus();
  expect(address()).toBe("/browse");
});

it("opens the list on Enter from another page", async () => {
  const { user, address } = renderAt("/books/7", <SearchBox />);
  await user.type(screen.getByRole("searchbox"), "dune{Enter}");
  await waitFor(() => {
    expect(address()).toBe("/browse?search=dune");
  });
});
