import { session } from "@/lib/session/store";
import { createQueryClient } from "@/lib/query-client";
import { token } from "@/testing/samples";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useClearPrivateCache } from "./use-clear-private-cache";

it("removes the data of the user who leaves and keeps that of the user who logs in", () => {
  const client = createQueryClient();
  for (const key of [
    ["orders", 3, 1],
    ["pending", 3, 7],
    ["order-status", 3, 31],
    ["orders", 4, 1],
    ["book", 7],
  ])
    client.setQueryData(key, "cached");
  session.logIn(token("Ann", 1, 3));
  renderHook(useClearPrivateCache, {
    wrapper: ({ children }) => (
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    ),
  });
  act(() => {
    session.logIn(token("Ann", 2, 3));
  });
  expect(client.getQueryCache().getAll()).toHaveLength(5);
  act(() => {
    session.logIn(token("Bob", 1, 4));
  });
  const remaining = client.getQueryCache().getAll();
  expect(remaining.map(({ queryKey }) => queryKey)).toEqual([
    ["orders", 4, 1],
    ["book", 7],
  ]);
});
