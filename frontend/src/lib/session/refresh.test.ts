import { token } from "@/testing/samples";
import { API, ok, errorResponse, server } from "@/testing/server";
import { delay, http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../api/client";
import { unwrap } from "../api/unwrap";
import { withSessionLock } from "./exclusive-lock";
import { logInAllTabs } from "./all-tabs";
import { logOut, initializeSession, refreshAccessToken, restoreSession } from "./refresh";
import { session } from "./store";

let refreshes: number;

/** Issues a new access token each time. */
const refreshing = () =>
  http.post(`${API}/refresh-token`, async ({ request }) => {
    refreshes += 1;
    expect(request.credentials).toBe("include");
    await delay(5);
    return ok({ access_token: token("Ann", refreshes + 1) });
  });

const guarded = http.get(`${API}/myorders`, ({ request }) =>
  request.headers.get("Authorization") === `Bearer ${token("Ann", 2)}`
    ? ok({ data: [] })
    : errorResponse(401, "Token has expired"),
);

const myOrders = () => unwrap(api.displayOrders.GET("/myorders"));

beforeEach(() => {
  refreshes = 0;
});

describe("an expired access token", () => {
  it("is refreshed once for all requests that it failed, and they are repeated", async () => {
    server.use(refreshing(), guarded);
    session.logIn(token("Ann", 1));
    const responses = await Promise.all([myOrders(), myOrders(), myOrders()]);
    expect(responses.map(({ data }) => data)).toEqual([[], [], []]);
    expect(refreshes).toBe(1);
    expect(session.token()).toBe(token("Ann", 2));
  });

  it("ends the session when the refresh cookie is rejected, too", async () => {
    server.use(
      guarded,
      http.post(`${API}/refresh-token`, () => errorResponse(401, "Refresh token expired.")),
    );
    session.logIn(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 401 });
    expect(session.read()).toEqual({ status: "guest", expired: true });
  });

  it("does not end the session while the shop cannot be reached", async () => {
    server.use(
      guarded,
      http.post(`${API}/refresh-token`, () => errorResponse(503, "Down.")),
    );
    session.logIn(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 503 });
    expect(session.read().status).toBe("authenticated");
  });

  it("does not repeat the request as another user", async () => {
    const bearers: (string | null)[] = [];
    server.use(
      http.get(`${API}/myorders`, ({ request }) => {
        bearers.push(request.headers.get("Authorization"));
        return errorResponse(401, "Token has expired");
      }),
      http.post(`${API}/refresh-token`, () => ok({ access_token: token("Bob", 1, 4) })),
    );
    session.logIn(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 401 });
    expect(bearers).toEqual([`Bearer ${token("Ann", 1)}`]);
  });

  it("is not refreshed when another tab was faster", async () => {
    session.logIn(token("Ann", 2));
    expect(await refreshAccessToken(token("Ann", 1))).toBe(token("Ann", 2));
    expect(refreshes).toBe(0);
  });
});

describe("at start", () => {
  it("the cookie restores the user's session", async () => {
    server.use(refreshing());
    await restoreSession();
    expect(session.read()).toMatchObject({ status: "authenticated", user: { id: 3, name: "Ann" } });
  });

  it("a visitor without a cookie is a guest whose session has not expired", async () => {
    server.use(
      http.post(`${API}/refresh-token`, () => errorResponse(401, "Missing refresh token.")),
    );
    await restoreSession();
    expect(session.read()).toEqual({ status: "guest", expired: false });
  });

  it("a failed restore does not end a session that begins meanwhile", async () => {
    server.use(
      http.post(`${API}/refresh-token`, async () => {
        await delay(30);
        return errorResponse(401, "Missing refresh token.");
      }),
    );
    await Promise.all([
      restoreSession(),
      withSessionLock(() =>
        Promise.resolve().then(() => {
          logInAllTabs(token("Ann"));
        }),
      ),
    ]);
    expect(session.token()).toBe(token("Ann"));
  });

  it("an unavailable shop does not log the user out", async () => {
    server.use(http.post(`${API}/refresh-token`, () => errorResponse(503, "Down.")));
    await restoreSession();
    expect(session.read()).toEqual({ status: "unreachable" });
  });
});

it("log-out sends the access token to the gateway and then deletes it", async () => {
  let bearer: string | null = null;
  server.use(
    http.post(`${API}/logout`, ({ request }) => {
      bearer = request.headers.get("Authorization");
      return ok({ message: "Logged out" });
    }),
  );
  session.logIn(token("Ann", 1));
  await logOut();
  expect(bearer).toBe(`Bearer ${token("Ann", 1)}`);
  expect(session.read()).toEqual({ status: "guest", expired: false });
});

it("reads a name in any script from the token", () => {
  session.logIn(token("Zoë 王"));
  expect(session.read()).toMatchObject({ user: { name: "Zoë 王" } });
});

it("restoring the session is retried until the shop can be reached", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    server.use(http.post(`${API}/refresh-token`, () => errorResponse(503, "Down.")));
    initializeSession();
    await vi.waitFor(() => {
      expect(session.read().status).toBe("unreachable");
    });
    server.use(http.post(`${API}/refresh-token`, () => ok({ access_token: token("Ann") })));
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => {
      expect(session.read().status).toBe("authenticated");
    });
  } finally {
    vi.useRealTimers();
  }
});

it("a request on a dead connection times out", async () => {
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    const timeout = new AbortController();
    setTimeout(() => {
      timeout.abort(new DOMException("Timed out.", "TimeoutError"));
    }, 20);
    return timeout.signal;
  });
  server.use(http.get(`${API}/myorders`, () => delay("infinite")));
  session.logIn(token("Ann"));
  await expect(myOrders()).rejects.toMatchObject({ status: 0 });
});
