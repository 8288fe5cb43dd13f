import { toProblem } from "../api/unwrap";
import { unreachable } from "../api/problem";
import { send } from "../api/send";

let base = "";

export function configureTokens(usersUrl: string): void {
  base = usersUrl;
}

async function post(path: string, headers: HeadersInit = {}): Promise<unknown> {
  const answer = await send(`${base}${path}`, {
    method: "POST",
    credentials: "include",
    headers,
  }).catch(() => {
    throw unreachable();
  });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw toProblem(answer, body);
  return body;
}

/** Trades the cookie for an access token. */
export async function postRefresh(): Promise<string> {
  const body = (await post("/refresh-token")) as { access_token: string };
  return body.access_token;
}

/** Ends the session that the token belongs to, even when the token has expired. */
export async function postLogout(token: string | null): Promise<void> {
  await post("/logout", token ? { Authorization: `Bearer ${token}` } : {});
}
