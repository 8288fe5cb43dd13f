import { configureApi } from "@/lib/api/client";
import { session } from "@/lib/session/store";
import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { API, server } from "./server";

// Long, because the machine may be busy.
configure({ asyncUtilTimeout: 20_000 });

beforeAll(() => {
  server.listen({ onUnhandledRequest: "error" });
  configureApi({
    usersUrl: API,
    booksUrl: API,
    ordersUrl: API,
    placeOrderUrl: API,
    displayOrdersUrl: API,
  });
});

beforeEach(() => {
  session.logOut();
});

afterEach(() => {
  cleanup();
  server.resetHandlers();
});

afterAll(() => {
  server.close();
});
