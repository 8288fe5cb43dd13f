import { tellTabs } from "./channel";
import { session } from "./store";

/** Takes a token, in every tab. */
export function enterSession(token: string): void {
  session.enter(token);
  tellTabs({ kind: "entered", token });
}

/** The session is over, in every tab: `ended` by itself, or because somebody logged out. */
export function leaveSession(ended: boolean): void {
  session.leave(ended);
  tellTabs({ kind: "left", ended });
}
