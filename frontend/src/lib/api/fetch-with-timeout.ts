const REQUEST_TIMEOUT_MS = 20_000;

/** `fetch` with a timeout, so that a dead connection does not block its caller. */
export const fetchWithTimeout: typeof fetch = (input, init) => {
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
};
