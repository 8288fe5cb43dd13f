import { session } from "./store";
import { notifyOtherTabs } from "./tab-channel";

/** Stores a new access token in every tab. */
export function logInAllTabs(token: string): void {
  session.logIn(token);
  notifyOtherTabs({ kind: "logged-in", token });
}

/** Ends the session in every tab: because it has expired, or because the user has logged out. */
export function logOutAllTabs(expired: boolean): void {
  session.logOut(expired);
  notifyOtherTabs({ kind: "logged-out", expired });
}
