import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { trackPageLoad, usePageLoading } from "./page-loads";

it("reports a page as loading until its code is there", async () => {
  const { result } = renderHook(usePageLoading);
  expect(result.current).toBe(false);
  let resolve: (() => void) | undefined;
  const tracked = trackPageLoad(
    new Promise<void>((done) => {
      resolve = done;
    }),
  );
  await act(() => Promise.resolve());
  expect(result.current).toBe(true);
  await act(async () => {
    resolve?.();
    await tracked;
  });
  expect(result.current).toBe(false);
});
