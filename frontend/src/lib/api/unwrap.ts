import { ApiError, unreachableError } from "./api-error";

interface ApiResult<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns the data of a successful request and throws an ApiError for any other. */
export async function unwrap<T>(request: Promise<ApiResult<T>>): Promise<T> {
  const result = await request.catch((error: unknown) => {
    if (error instanceof ApiError) throw error;
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachableError();
  });
  if (result.data !== undefined && result.response.ok) return result.data;
  throw toApiError(result.response, result.error);
}

export function toApiError(response: Response, body: unknown): ApiError {
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const message = typeof fields["message"] === "string" ? fields["message"] : "The request failed.";
  const retryAfterSeconds = Number(response.headers.get("Retry-After")) || undefined;
  return new ApiError(response.status, message, { data: fields["data"], retryAfterSeconds });
}
