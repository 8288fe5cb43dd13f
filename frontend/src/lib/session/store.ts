import { useSyncExternalStore } from "react";
import { readClaims } from "./claims";

export interface Member {
  id: number;
  name: string;
}

/**
 * `unknown` until the first refresh has answered; `unreachable` when it could not;
 * `guest` with `ended` when a session was there and is over.
 */
export type Session =
  | { status: "unknown" | "unreachable" }
  | { status: "guest"; ended: boolean }
  | { status: "member"; member: Member; token: string };

let current: Session = { status: "unknown" };
const listeners = new Set<() => void>();

function change(next: Session): void {
  current = next;
  for (const listener of listeners) listener();
}

/** The session of this tab. The token never leaves memory. */
export const session = {
  read: () => current,
  token: () => (current.status === "member" ? current.token : null),
  enter: (token: string) => {
    const claims = readClaims(token);
    change({ status: "member", token, member: { id: Number(claims.sub), name: claims.name } });
  },
  leave: (ended = false) => {
    change({ status: "guest", ended });
  },
  lose: () => {
    change({ status: "unreachable" });
  },
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

export const useSession = () => useSyncExternalStore(session.subscribe, session.read);

export function useMember(): Member | null {
  const now = useSession();
  return now.status === "member" ? now.member : null;
}
