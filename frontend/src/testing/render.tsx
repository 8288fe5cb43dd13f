import { createQueryClient } from "@/lib/query-client";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";

/** Renders an element as a page of the app. All other pages are empty. */
export function renderAt(path: string, element: ReactNode) {
  const { pathname } = new URL(path, "http://shop.test");
  const router = createMemoryRouter(
    [
      { path: pathname, element },
      { path: "*", element: null },
    ],
    { initialEntries: [path] },
  );
  const view = render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  const address = () => router.state.location.pathname + router.state.location.search;
  return { ...view, user: userEvent.setup(), address, router };
}
