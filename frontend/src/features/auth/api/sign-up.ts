import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { useMutation } from "@tanstack/react-query";
import { logIn, type Credentials } from "./log-in";

export interface NewAccount extends Credentials {
  username: string;
}

/** Creates the account and opens its first session. */
export const useSignUp = () =>
  useMutation({
    mutationFn: async (body: NewAccount) => {
      await unwrap(api.users.POST("/register", { body }));
      await logIn({ email: body.email, password: body.password });
    },
  });
