const CLOSED = new Set([502, 503, 504]);

interface Details {
  data?: unknown;
  retryAfter?: number | undefined;
}

/** Any answer of the API that is no success; status 0 when there was no answer at all. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, { data, retryAfter }: Details = {}) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
    this.data = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
    this.retryAfter = retryAfter;
  }
}

export const unreachable = () => new ApiProblem(0, "The shop cannot be reached.");
export const signedOut = () => new ApiProblem(401, "Your session has ended.");

export const isProblem = (error: unknown, ...statuses: number[]): error is ApiProblem =>
  error instanceof ApiProblem && (statuses.length === 0 || statuses.includes(error.status));

/** Whether the same request may well succeed a moment later. */
export const isPassing = (error: unknown) =>
  isProblem(error) && (error.status === 0 || CLOSED.has(error.status));

/** One plain sentence for the shopper. */
export function explain(error: unknown): string {
  if (!isProblem(error)) return "Something went wrong on this page.";
  if (error.status === 0)
    return "The shop cannot be reached. Check your connection, then try again.";
  if (CLOSED.has(error.status)) return "The counter is closed for a moment. Try again shortly.";
  if (error.status === 429)
    return `Too many tries. Wait ${inSeconds(error.retryAfter)}, then try again.`;
  if (error.status === 401) return "Your session has ended. Log in to go on where you were.";
  if (error.status >= 500) return "Something went wrong at the shop. Try again shortly.";
  return error.message;
}

function inSeconds(seconds = 0): string {
  if (seconds < 1) return "a moment";
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}
