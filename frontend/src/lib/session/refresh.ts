import { isProblem } from "../api/problem";
import { tellTabs } from "./channel";
import { session } from "./store";
import { postLogout, postRefresh } from "./token-calls";

const REFUSED = [400, 401, 403];
const LOCK = "deckle-session";

let flight: Promise<string | null> | null = null;

/** One at a time in all tabs; on a page without locks (plain http) at least in this one. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? navigator.locks.request(LOCK, work) : work();
}

async function exchange(stale: string | null): Promise<string | null> {
  const other = session.token();
  if (other && other !== stale) return other; // another tab was first, and told us
  try {
    const token = await postRefresh();
    session.enter(token);
    tellTabs({ kind: "entered", token });
    return token;
  } catch (error) {
    if (!isProblem(error, ...REFUSED)) throw error;
    session.leave(stale !== null);
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

/** Logs out here and in every other tab. */
export async function endSession(): Promise<void> {
  await alone(() => postLogout(session.token()));
  session.leave();
  tellTabs({ kind: "left" });
}
