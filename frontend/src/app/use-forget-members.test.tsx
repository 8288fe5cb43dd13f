import { session } from "@/lib/session/store";
import { createQueryClient } from "@/lib/query-client";
import { token } from "@/testing/samples";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useForgetMembers } from "./use-forget-members";

it("forgets what belongs to the one who leaves, and nothing of the one who comes", () => {
  const client = createQueryClient();
  for (const key of [
    ["orders", 3, 1],
    ["pending", 3, 7],
    ["order-status", 3, 31],
    ["orders", 4, 1],
    ["book", 7],
  ])
    client.setQueryData(key, "known");
  session.enter(token("Ann", 1, 3));
  renderHook(useForgetMembers, {
    wrapper: ({ children }) => (
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    ),
  });
  act(() => {
    session.enter(token("Ann", 2, 3));
  });
  expect(client.getQueryCache().getAll()).toHaveLength(5);
  act(() => {
    session.enter(token("Bob", 1, 4));
  });
  const kept = client.getQueryCache().getAll();
  expect(kept.map(({ queryKey }) => queryKey)).toEqual([
    ["orders", 4, 1],
    ["book", 7],
  ]);
});
