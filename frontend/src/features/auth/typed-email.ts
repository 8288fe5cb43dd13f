import { session } from "@/lib/session/store";

let typed = "";

/** The address that somebody has begun to type: both forms ask for it, and whoever changes over need not type it again. */
export const typedEmail = {
  read: () => typed,
  keep: (email: string) => {
    typed = email;
  },
};

// Who is in has no more need of it, and the next one on this machine shall not see it.
session.subscribe(() => {
  if (session.read().status === "member") typedEmail.keep("");
});
