import { signedOut } from "../api/problem";
import { send } from "../api/send";
import { readClaims } from "./claims";
import { renew } from "./refresh";
import { session } from "./store";

function withToken(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** Sends a request as the member; a 401 is answered by one refresh and one more try, never as somebody else. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const token = session.token() ?? (await renew(null));
  if (!token) throw signedOut();
  const answer = await send(withToken(request, token));
  if (answer.status !== 401) return answer;
  const renewed = await renew(token);
  if (!renewed || readClaims(renewed).sub !== readClaims(token).sub) throw signedOut();
  return send(withToken(again, renewed));
}
