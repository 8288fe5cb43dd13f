import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { enterSession } from "@/lib/session/enter";
import { useMutation } from "@tanstack/react-query";

export interface Credentials {
  email: string;
  password: string;
}

/** Opens the session; `include` lets the browser keep the refresh cookie. */
export async function logIn(body: Credentials): Promise<void> {
  const call = api.users.POST("/login", { body, credentials: "include" });
  enterSession((await unwrap(call)).access_token);
}

export const useLogIn = () => useMutation({ mutationFn: logIn });
