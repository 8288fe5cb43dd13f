const LONGEST = 20_000;

/** `fetch` that never waits for ever: a line that has gone dead must not hold up whoever waits for the answer. */
export const send: typeof fetch = (input, init) => {
  const given = init?.signal ?? (input instanceof Request ? input.signal : undefined);
  const late = AbortSignal.timeout(LONGEST);
  return fetch(input, { ...init, signal: given ? AbortSignal.any([given, late]) : late });
};
