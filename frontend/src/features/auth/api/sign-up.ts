import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { logIn, type Credentials } from "./log-in";

export interface NewAccount extends Credentials {
  username: string;
}

/**
 * Creates the account and opens its first session. When only the second half fails, the next try
 * does that half only: the address is taken by then.
 */
export function useSignUp() {
  const registered = useRef("");
  return useMutation({
    mutationFn: async ({ email, password, username }: NewAccount) => {
      if (registered.current !== email) {
        await unwrap(api.users.POST("/register", { body: { email, password, username } }));
        registered.current = email;
      }
      await logIn({ email, password });
    },
    gcTime: 0,
  });
}
