import { unreachableError } from "../api/api-error";
import { fetchWithTimeout } from "../api/fetch-with-timeout";
import { toApiError } from "../api/unwrap";

let baseUrl = "";

export function configureTokenRequests(usersUrl: string): void {
  baseUrl = usersUrl;
}

async function post(path: string, headers: HeadersInit = {}): Promise<unknown> {
  const response = await fetchWithTimeout(`${baseUrl}${path}`, {
    method: "POST",
    credentials: "include",
    headers,
  }).catch(() => {
    throw unreachableError();
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw toApiError(response, body);
  return body;
}

/** Exchanges the refresh cookie for an access token. */
export async function postRefresh(): Promise<string> {
  const body = (await post("/refresh-token")) as { access_token: string };
  return body.access_token;
}

/** Ends the session that the token belongs to, even if the token has expired. */
export async function postLogout(token: string | null): Promise<void> {
  await post("/logout", token ? { Authorization: `Bearer ${token}` } : {});
}
