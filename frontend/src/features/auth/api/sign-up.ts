import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { logIn, type LogInValues } from "./log-in";

export interface SignUpValues extends LogInValues {
  username: string;
}

/**
 * Creates an account and logs in. If only the log-in fails, the next attempt skips the registration,
 * which would be rejected because the email address is registered by then.
 */
export function useSignUp() {
  const registeredEmail = useRef("");
  return useMutation({
    mutationFn: async ({ email, password, username }: SignUpValues) => {
      if (registeredEmail.current !== email) {
        await unwrap(api.users.POST("/register", { body: { email, password, username } }));
        registeredEmail.current = email;
      }
      await logIn({ email, password });
    },
    gcTime: 0,
  });
}
