import { isProblem } from "../api/problem";
import { alone } from "./alone";
import { enterSession, leaveSession } from "./enter";
import { session } from "./store";
import { postLogout, postRefresh } from "./token-calls";

const REFUSED = [400, 401, 403];
const AGAIN = 5000;

let flight: Promise<string | null> | null = null;

async function exchange(stale: string | null): Promise<string | null> {
  const now = session.token();
  if (now && now !== stale) return now; // somebody was first: another tab, or a log-in
  try {
    const token = await postRefresh();
    enterSession(token);
    return token;
  } catch (error) {
    if (!isProblem(error, ...REFUSED)) throw error;
    const entered = session.token();
    if (entered && entered !== stale) return entered; // meanwhile, where there are no locks
    if (stale) leaveSession(true);
    else session.leave();
    return null;
  }
}

/**
 * A token newer than `stale`, or null when the session is over.
 * Throws when the shop cannot be reached: then nobody knows.
 */
export function renew(stale: string | null): Promise<string | null> {
  flight ??= alone(() => exchange(stale)).finally(() => {
    flight = null;
  });
  return flight;
}

/** Asks the cookie who is here. */
export async function startSession(): Promise<void> {
  try {
    await renew(null);
  } catch {
    if (session.read().status !== "member") session.lose();
  }
}

/** Asks who is here, and again every few seconds for as long as the shop cannot be reached. */
export function keepSession(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  session.subscribe(() => {
    clearTimeout(timer);
    if (session.read().status === "unreachable")
      timer = setTimeout(() => void startSession(), AGAIN);
  });
  void startSession();
}

/** Logs out here and in every other tab. */
export const endSession = () =>
  alone(async () => {
    await postLogout(session.token());
    leaveSession(false);
  });
