import { sessionEndedError } from "../api/api-error";
import { fetchWithTimeout } from "../api/fetch-with-timeout";
import { readClaims } from "./claims";
import { refreshAccessToken } from "./refresh";
import { session } from "./store";

function withToken(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/**
 * Sends a request with the access token. After a 401 it refreshes the token and repeats the request
 * once, but only if the new token belongs to the same user.
 */
export async function authorizedFetch(request: Request): Promise<Response> {
  const repeated = request.clone();
  const token = session.token() ?? (await refreshAccessToken(null));
  if (!token) throw sessionEndedError();
  const response = await fetchWithTimeout(withToken(request, token));
  if (response.status !== 401) return response;
  const refreshed = await refreshAccessToken(token);
  if (!refreshed || readClaims(refreshed).sub !== readClaims(token).sub) throw sessionEndedError();
  return fetchWithTimeout(withToken(repeated, refreshed));
}
