export interface Strength {
  /** 0 to 4 */
  score: number;
  words: string;
}

const LEAST = 6;

/** A rough hint, not a verdict: length counts most, variety helps, repetition does not. */
export function strengthOf(password: string): Strength {
  if (!password)
    return { score: 0, words: `At least ${LEAST} characters. A short phrase is good.` };
  if (password.length < LEAST)
    return {
      score: 0,
      words: `${LEAST - password.length} more to go: at least ${LEAST} characters.`,
    };
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password));
  const variety = new Set(password).size;
  const points = Math.min(password.length, 2 * variety) + (kinds.length - 1) * 2;
  if (points < 10) return { score: 1, words: "Easy to guess. Make it longer." };
  if (points < 14) return { score: 2, words: "Fair. A few more characters would help." };
  return points < 18 ? { score: 3, words: "Good." } : { score: 4, words: "Strong." };
}
