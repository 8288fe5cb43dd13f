import { session } from "@/lib/session/store";

let draft = "";

/** The email address that the log-in and sign-up forms share, so that it is typed only once. */
export const emailDraft = {
  read: () => draft,
  store: (email: string) => {
    draft = email;
  },
};

// Clear it after log-in: the next user of this browser must not see it.
session.subscribe(() => {
  if (session.read().status === "authenticated") emailDraft.store("");
});
