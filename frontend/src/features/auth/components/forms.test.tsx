import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { token } from "@/testing/samples";
import { API, ok, errorResponse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { emailDraft } from "../email-draft";
import { LogInForm } from "./log-in-form";
import { SignUpForm } from "./sign-up-form";

const done = vi.fn();

beforeEach(() => {
  done.mockReset();
  emailDraft.store("");
});

async function logIn() {
  const { user } = renderAt("/login", <LogInForm onDone={done} />);
  await user.type(screen.getByLabelText("Email"), "ann@example.org");
  await user.type(screen.getByLabelText("Password"), "secret words");
  await user.click(screen.getByRole("button", { name: "Log in" }));
}

describe("log-in", () => {
  it("keeps the access token in memory", async () => {
    const requests: unknown[] = [];
    server.use(
      http.post(`${API}/login`, async ({ request }) => {
        requests.push(await request.json(), request.credentials);
        return ok({ access_token: token("Ann") });
      }),
    );
    await logIn();
    await waitFor(() => {
      expect(done).toHaveBeenCalledOnce();
    });
    expect(requests).toEqual([{ email: "ann@example.org", password: "secret words" }, "include"]);
    expect(session.read()).toMatchObject({ status: "authenticated", user: { id: 3, name: "Ann" } });
  });

  it("shows why it was rejected", async () => {
    server.use(http.post(`${API}/login`, () => errorResponse(401, "Invalid email or password.")));
    await logIn();
    expect(await screen.findByText("Invalid email or password.")).toBeVisible();
    expect(session.token()).toBeNull();
  });

  it.each([
    ["30", "Too many attempts. Wait 30 seconds and try again."],
    ["1", "Too many attempts. Wait 1 second and try again."],
    ["600", "Too many attempts. Wait 10 minutes and try again."],
  ])("says how long to wait after too many attempts: %s s", async (seconds, message) => {
    server.use(
      http.post(`${API}/login`, () =>
        errorResponse(429, "Slow down.", undefined, { "Retry-After": seconds }),
      ),
    );
    await logIn();
    expect(await screen.findByText(message)).toBeVisible();
  });

  it("sends no request while a field is empty", async () => {
    const { user } = renderAt("/login", <LogInForm onDone={done} />);
    await user.click(screen.getByRole("button", { name: "Log in" }));
    expect(screen.getByLabelText("Email")).toHaveFocus();
    expect(screen.getByLabelText("Email")).toHaveAccessibleDescription("Enter your email address.");
  });

  it("works with password managers and can show the password", async () => {
    const { user } = renderAt("/login", <LogInForm onDone={done} />);
    const field = screen.getByLabelText("Password");
    expect(screen.getByLabelText("Email")).toHaveAttribute("autocomplete", "username");
    expect(field).toHaveAttribute("autocomplete", "current-password");
    await user.click(screen.getByRole("button", { name: "Show password" }));
    expect(field).toHaveAttribute("type", "text");
    await user.click(screen.getByRole("button", { name: "Hide password" }));
    expect(field).toHaveAttribute("type", "password");
  });
});

describe("sign-up", () => {
  async function signUp() {
    const { user } = renderAt("/signup", <SignUpForm onDone={done} />);
    await user.type(screen.getByLabelText("Name"), "Ann");
    await user.type(screen.getByLabelText("Email"), "ann@example.org");
    await user.type(screen.getByLabelText("Password"), "secret words");
    await user.click(screen.getByRole("button", { name: "Sign up" }));
  }

  it("creates the account and logs in", async () => {
    server.use(
      http.post(`${API}/register`, () =>
        ok({ data: { user_id: 3, email: "ann@example.org", username: "Ann" } }, 201),
      ),
      http.post(`${API}/login`, () => ok({ access_token: token() })),
    );
    await signUp();
    await waitFor(() => {
      expect(done).toHaveBeenCalledOnce();
    });
    expect(session.token()).toBe(token());
  });

  it("skips the registration when only the log-in has failed before", async () => {
    let accounts = 0;
    server.use(
      http.post(`${API}/register`, () => {
        accounts += 1;
        return ok({ data: { user_id: 3, email: "ann@example.org", username: "Ann" } }, 201);
      }),
      http.post(`${API}/login`, () => errorResponse(503, "Down.")),
    );
    await signUp();
    expect(await screen.findByText(/temporarily unavailable/)).toBeVisible();
    server.use(http.post(`${API}/login`, () => ok({ access_token: token() })));
    await userEvent.click(screen.getByRole("button", { name: "Sign up" }));
    await waitFor(() => {
      expect(done).toHaveBeenCalledOnce();
    });
    expect(accounts).toBe(1);
  });

  it("shows the error at its field", async () => {
    server.use(
      http.post(`${API}/register`, () =>
        errorResponse(409, "Email is already registered.", { email: "ann@example.org" }),
      ),
    );
    await signUp();
    const field = screen.getByLabelText("Email");
    await waitFor(() => {
      expect(field).toHaveAccessibleDescription("Email is already registered.");
    });
    expect(field).toHaveFocus();
    expect(screen.getByLabelText("Password")).toHaveAttribute("autocomplete", "new-password");
  });
});

describe("the email address", () => {
  it("is shared by both forms until the user has logged in", async () => {
    const { user, unmount } = renderAt("/signup", <SignUpForm onDone={done} />);
    await user.type(screen.getByLabelText("Email"), "ann@example.org");
    unmount();
    const second = renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("ann@example.org");
    session.logOut(true);
    second.unmount();
    const third = renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("ann@example.org");
    session.logIn(token("Ann"));
    third.unmount();
    renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("");
  });
});
