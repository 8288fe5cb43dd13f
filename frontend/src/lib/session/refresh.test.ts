import { token } from "@/testing/samples";
import { API, ok, refuse, server } from "@/testing/server";
import { delay, http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../api/client";
import { unwrap } from "../api/unwrap";
import { alone } from "./alone";
import { enterSession } from "./enter";
import { endSession, keepSession, renew, startSession } from "./refresh";
import { session } from "./store";

let refreshes: number;

/** Only the newest token is good. */
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
    : refuse(401, "Token has expired"),
);

const myOrders = () => unwrap(api.displayOrders.GET("/myorders"));

beforeEach(() => {
  refreshes = 0;
});

describe("an expired token", () => {
  it("is renewed once for all requests that it failed, and they are sent again", async () => {
    server.use(refreshing(), guarded);
    session.enter(token("Ann", 1));
    const answers = await Promise.all([myOrders(), myOrders(), myOrders()]);
    expect(answers.map(({ data }) => data)).toEqual([[], [], []]);
    expect(refreshes).toBe(1);
    expect(session.token()).toBe(token("Ann", 2));
  });

  it("ends the session when the cookie is no good either", async () => {
    server.use(
      guarded,
      http.post(`${API}/refresh-token`, () => refuse(401, "Refresh token expired.")),
    );
    session.enter(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 401 });
    expect(session.read()).toEqual({ status: "guest", ended: true });
  });

  it("ends nothing while the shop cannot be reached", async () => {
    server.use(
      guarded,
      http.post(`${API}/refresh-token`, () => refuse(503, "Down.")),
    );
    session.enter(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 503 });
    expect(session.read().status).toBe("member");
  });

  it("never sends the request again as somebody else", async () => {
    const bearers: (string | null)[] = [];
    server.use(
      http.get(`${API}/myorders`, ({ request }) => {
        bearers.push(request.headers.get("Authorization"));
        return refuse(401, "Token has expired");
      }),
      http.post(`${API}/refresh-token`, () => ok({ access_token: token("Bob", 1, 4) })),
    );
    session.enter(token("Ann", 1));
    await expect(myOrders()).rejects.toMatchObject({ status: 401 });
    expect(bearers).toEqual([`Bearer ${token("Ann", 1)}`]);
  });

  it("is not renewed when another tab was faster", async () => {
    session.enter(token("Ann", 2));
    expect(await renew(token("Ann", 1))).toBe(token("Ann", 2));
    expect(refreshes).toBe(0);
  });
});

describe("the start", () => {
  it("finds the member by the cookie", async () => {
    server.use(refreshing());
    await startSession();
    expect(session.read()).toMatchObject({ status: "member", member: { id: 3, name: "Ann" } });
  });

  it("finds a guest, whose session has not just ended", async () => {
    server.use(http.post(`${API}/refresh-token`, () => refuse(401, "Missing refresh token.")));
    await startSession();
    expect(session.read()).toEqual({ status: "guest", ended: false });
  });

  it("does not end the session of who logs in meanwhile", async () => {
    server.use(
      http.post(`${API}/refresh-token`, async () => {
        await delay(30);
        return refuse(401, "Missing refresh token.");
      }),
    );
    await Promise.all([
      startSession(),
      alone(() =>
        Promise.resolve().then(() => {
          enterSession(token("Ann"));
        }),
      ),
    ]);
    expect(session.token()).toBe(token("Ann"));
  });

  it("does not take a closed shop for a log-out", async () => {
    server.use(http.post(`${API}/refresh-token`, () => refuse(503, "Down.")));
    await startSession();
    expect(session.read()).toEqual({ status: "unreachable" });
  });
});

it("log-out tells the gateway whose session it is, and forgets the token", async () => {
  let bearer: string | null = null;
  server.use(
    http.post(`${API}/logout`, ({ request }) => {
      bearer = request.headers.get("Authorization");
      return ok({ message: "Logged out" });
    }),
  );
  session.enter(token("Ann", 1));
  await endSession();
  expect(bearer).toBe(`Bearer ${token("Ann", 1)}`);
  expect(session.read()).toEqual({ status: "guest", ended: false });
});

it("a name in any script is read from the token", () => {
  session.enter(token("Zoë 王"));
  expect(session.read()).toMatchObject({ member: { name: "Zoë 王" } });
});

it("who is here is asked again until the shop can be reached", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    server.use(http.post(`${API}/refresh-token`, () => refuse(503, "Down.")));
    keepSession();
    await vi.waitFor(() => {
      expect(session.read().status).toBe("unreachable");
    });
    server.use(http.post(`${API}/refresh-token`, () => ok({ access_token: token("Ann") })));
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => {
      expect(session.read().status).toBe("member");
    });
  } finally {
    vi.useRealTimers();
  }
});

it("a line that has gone dead is given up", async () => {
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    const late = new AbortController();
    setTimeout(() => {
      late.abort(new DOMException("Too late.", "TimeoutError"));
    }, 20);
    return late.signal;
  });
  server.use(http.get(`${API}/myorders`, () => delay("infinite")));
  session.enter(token("Ann"));
  await expect(myOrders()).rejects.toMatchObject({ status: 0 });
});
