import { api } from "@/lib/api/client";
import { unwrap } from "@/lib/api/unwrap";
import { logInAllTabs } from "@/lib/session/all-tabs";
import { withSessionLock } from "@/lib/session/exclusive-lock";
import { useMutation } from "@tanstack/react-query";

export interface LogInValues {
  email: string;
  password: string;
}

/** Logs in. `include` lets the browser store the refresh cookie. */
export const logIn = (body: LogInValues) =>
  withSessionLock(async () => {
    const request = api.users.POST("/login", { body, credentials: "include" });
    logInAllTabs((await unwrap(request)).access_token);
  });

/** Has no garbage collection time, so that the cache does not keep the password. */
export const useLogIn = () => useMutation({ mutationFn: logIn, gcTime: 0 });
