import { isApiError } from "../api/api-error";
import { logInAllTabs, logOutAllTabs } from "./all-tabs";
import { withSessionLock } from "./exclusive-lock";
import { session } from "./store";
import { postLogout, postRefresh } from "./token-requests";

const REJECTED_STATUSES = [400, 401, 403];
const RETRY_INTERVAL_MS = 5000;

let pendingRefresh: Promise<string | null> | null = null;

async function exchangeCookie(staleToken: string | null): Promise<string | null> {
  const current = session.token();
  if (current && current !== staleToken) return current; // another tab or a log-in was faster
  try {
    const token = await postRefresh();
    logInAllTabs(token);
    return token;
  } catch (error) {
    if (!isApiError(error, ...REJECTED_STATUSES)) throw error;
    const replaced = session.token();
    if (replaced && replaced !== staleToken) return replaced; // possible where there are no locks
    if (staleToken) logOutAllTabs(true);
    else session.logOut();
    return null;
  }
}

/**
 * Returns a token newer than `staleToken`, or null when the session has ended.
 * Throws when the shop cannot be reached, because the session may still exist then.
 */
export function refreshAccessToken(staleToken: string | null): Promise<string | null> {
  pendingRefresh ??= withSessionLock(() => exchangeCookie(staleToken)).finally(() => {
    pendingRefresh = null;
  });
  return pendingRefresh;
}

/** Restores the session from the refresh cookie. */
export async function restoreSession(): Promise<void> {
  try {
    await refreshAccessToken(null);
  } catch {
    if (session.read().status !== "authenticated") session.setUnreachable();
  }
}

/** Restores the session, and retries every few seconds while the shop cannot be reached. */
export function initializeSession(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  session.subscribe(() => {
    clearTimeout(timer);
    if (session.read().status === "unreachable")
      timer = setTimeout(() => void restoreSession(), RETRY_INTERVAL_MS);
  });
  void restoreSession();
}

/** Logs out in this tab and in every other one. */
export const logOut = () =>
  withSessionLock(async () => {
    await postLogout(session.token());
    logOutAllTabs(false);
  });
