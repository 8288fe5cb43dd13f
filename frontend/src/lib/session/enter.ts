import { tellTabs } from "./channel";
import { session } from "./store";

/** Takes the token of a log-in, in every tab. */
export function enterSession(token: string): void {
  session.enter(token);
  tellTabs({ kind: "entered", token });
}
