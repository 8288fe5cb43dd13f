import { session } from "@/lib/session/store";
import { renderAt } from "@/testing/render";
import { token } from "@/testing/samples";
import { API, ok, refuse, server } from "@/testing/server";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { typedEmail } from "../typed-email";
import { LogInForm } from "./log-in-form";
import { SignUpForm } from "./sign-up-form";

const done = vi.fn();

beforeEach(() => {
  done.mockReset();
  typedEmail.keep("");
});

async function logIn() {
  const { user } = renderAt("/login", <LogInForm onDone={done} />);
  await user.type(screen.getByLabelText("Email"), "ann@example.org");
  await user.type(screen.getByLabelText("Password"), "secret words");
  await user.click(screen.getByRole("button", { name: "Log in" }));
}

describe("log-in", () => {
  it("opens a session in memory", async () => {
    const sent: unknown[] = [];
    server.use(
      http.post(`${API}/login`, async ({ request }) => {
        sent.push(await request.json(), request.credentials);
        return ok({ access_token: token("Ann") });
      }),
    );
    await logIn();
    await waitFor(() => {
      expect(done).toHaveBeenCalledOnce();
    });
    expect(sent).toEqual([{ email: "ann@example.org", password: "secret words" }, "include"]);
    expect(session.read()).toMatchObject({ status: "member", member: { id: 3, name: "Ann" } });
  });

  it("shows why it was refused", async () => {
    server.use(http.post(`${API}/login`, () => refuse(401, "Invalid email or password.")));
    await logIn();
    expect(await screen.findByText("Invalid email or password.")).toBeVisible();
    expect(session.token()).toBeNull();
  });

  it.each([
    ["30", "Too many tries. Wait 30 seconds, then try again."],
    ["1", "Too many tries. Wait a second, then try again."],
    ["600", "Too many tries. Wait 10 minutes, then try again."],
  ])("says how long to wait after too many tries: %s s", async (seconds, sentence) => {
    server.use(
      http.post(`${API}/login`, () =>
        refuse(429, "Slow down.", undefined, { "Retry-After": seconds }),
      ),
    );
    await logIn();
    expect(await screen.findByText(sentence)).toBeVisible();
  });

  it("sends nothing while something is missing", async () => {
    const { user } = renderAt("/login", <LogInForm onDone={done} />);
    await user.click(screen.getByRole("button", { name: "Log in" }));
    expect(screen.getByLabelText("Email")).toHaveFocus();
    expect(screen.getByLabelText("Email")).toHaveAccessibleDescription("Enter your email address.");
  });

  it("works with password managers, and shows the password when asked", async () => {
    const { user } = renderAt("/login", <LogInForm onDone={done} />);
    const field = screen.getByLabelText("Password");
    expect(screen.getByLabelText("Email")).toHaveAttribute("autocomplete", "username");
    expect(field).toHaveAttribute("autocomplete", "current-password");
    await user.click(screen.getByRole("button", { name: "Show the password" }));
    expect(field).toHaveAttribute("type", "text");
    await user.click(screen.getByRole("button", { name: "Hide the password" }));
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

  it("that only lacks its log-in does only that the next time", async () => {
    let accounts = 0;
    server.use(
      http.post(`${API}/register`, () => {
        accounts += 1;
        return ok({ data: { user_id: 3, email: "ann@example.org", username: "Ann" } }, 201);
      }),
      http.post(`${API}/login`, () => refuse(503, "Down.")),
    );
    await signUp();
    expect(await screen.findByText(/The counter is closed/)).toBeVisible();
    server.use(http.post(`${API}/login`, () => ok({ access_token: token() })));
    await userEvent.click(screen.getByRole("button", { name: "Sign up" }));
    await waitFor(() => {
      expect(done).toHaveBeenCalledOnce();
    });
    expect(accounts).toBe(1);
  });

  it("says beside the field what is wrong with it", async () => {
    server.use(
      http.post(`${API}/register`, () =>
        refuse(409, "Email is already registered.", { email: "ann@example.org" }),
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

describe("the address", () => {
  it("goes along from one form to the other, until somebody is in", async () => {
    const { user, unmount } = renderAt("/signup", <SignUpForm onDone={done} />);
    await user.type(screen.getByLabelText("Email"), "ann@example.org");
    unmount();
    const second = renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("ann@example.org");
    session.leave(true);
    second.unmount();
    const third = renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("ann@example.org");
    session.enter(token("Ann"));
    third.unmount();
    renderAt("/login", <LogInForm onDone={done} />);
    expect(screen.getByLabelText("Email")).toHaveValue("");
  });
});
