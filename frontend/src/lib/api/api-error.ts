const UNAVAILABLE_STATUSES = new Set([502, 503, 504]);

interface Details {
  data?: unknown;
  retryAfterSeconds?: number | undefined;
}

/** A failed API request. Its status is 0 when there was no response at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, { data, retryAfterSeconds }: Details = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.data = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const unreachableError = () => new ApiError(0, "The shop cannot be reached.");
export const sessionEndedError = () => new ApiError(401, "Your session has ended.");

export const isApiError = (error: unknown, ...statuses: number[]): error is ApiError =>
  error instanceof ApiError && (statuses.length === 0 || statuses.includes(error.status));

/** Whether the same request may succeed when it is repeated a moment later. */
export const isTransient = (error: unknown) =>
  isApiError(error) && (error.status === 0 || UNAVAILABLE_STATUSES.has(error.status));

/** Returns the text that the user sees for an error. */
export function describeError(error: unknown): string {
  if (!isApiError(error)) return "Something went wrong. Please reload the page.";
  if (error.status === 0) return "The shop cannot be reached. Check your connection and try again.";
  if (UNAVAILABLE_STATUSES.has(error.status))
    return "The shop is temporarily unavailable. Please try again shortly.";
  if (error.status === 429)
    return `Too many attempts. Wait ${describeWait(error.retryAfterSeconds)} and try again.`;
  if (error.status === 401) return "Your session has ended. Please log in again.";
  if (error.status >= 500) return "Something went wrong. Please try again.";
  return error.message;
}

function describeWait(seconds = 0): string {
  if (seconds < 1) return "a moment";
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
