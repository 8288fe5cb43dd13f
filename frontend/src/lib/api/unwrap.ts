import { ApiProblem, unreachable } from "./problem";

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of a call, or an ApiProblem thrown. */
export async function unwrap<T>(call: Promise<Reply<T>>): Promise<T> {
  const reply = await call.catch((error: unknown) => {
    if (error instanceof ApiProblem) throw error;
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  });
  if (reply.data !== undefined && reply.response.ok) return reply.data;
  throw toProblem(reply.response, reply.error);
}

export function toProblem(response: Response, body: unknown): ApiProblem {
  const told = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const message =
    typeof told["message"] === "string" ? told["message"] : "The shop gave no reason.";
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return new ApiProblem(response.status, message, { data: told["data"], retryAfter });
}
