import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { alone } from "@/lib/session/alone";
import { enterSession } from "@/lib/session/enter";
import { useMutation } from "@tanstack/react-query";

export interface Credentials {
  email: string;
  password: string;
}

/** Opens the session; `include` lets the browser keep the refresh cookie. */
export const logIn = (body: Credentials) =>
  alone(async () => {
    const call = api.users.POST("/login", { body, credentials: "include" });
    enterSession((await unwrap(call)).access_token);
  });

/** Passwords are not kept once the form is gone. */
export const useLogIn = () => useMutation({ mutationFn: logIn, gcTime: 0 });
