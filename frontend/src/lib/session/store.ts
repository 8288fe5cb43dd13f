import { useSyncExternalStore } from "react";
import { readClaims } from "./claims";

export interface SessionUser {
  id: number;
  name: string;
}

/**
 * `unknown` until the first refresh has ended, `unreachable` when that got no response.
 * A `guest` whose session has `expired` was logged in before.
 */
export type Session =
  | { status: "unknown" | "unreachable" }
  | { status: "guest"; expired: boolean }
  | { status: "authenticated"; user: SessionUser; token: string };

let current: Session = { status: "unknown" };
const listeners = new Set<() => void>();

function change(next: Session): void {
  current = next;
  for (const listener of listeners) listener();
}

/** The session of this tab. The access token is kept in memory only. */
export const session = {
  read: () => current,
  token: () => (current.status === "authenticated" ? current.token : null),
  logIn: (token: string) => {
    const claims = readClaims(token);
    change({
      status: "authenticated",
      token,
      user: { id: Number(claims.sub), name: claims.name },
    });
  },
  logOut: (expired = false) => {
    change({ status: "guest", expired });
  },
  setUnreachable: () => {
    change({ status: "unreachable" });
  },
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

export const useSession = () => useSyncExternalStore(session.subscribe, session.read);

export function useCurrentUser(): SessionUser | null {
  const current = useSession();
  return current.status === "authenticated" ? current.user : null;
}
