export interface PasswordStrength {
  /** 0 to 4 */
  score: number;
  hint: string;
}

const MIN_LENGTH = 6;

/** A rough estimate: length counts most, a variety of characters helps, repetition does not. */
export function measureStrength(password: string): PasswordStrength {
  if (!password)
    return { score: 0, hint: `At least ${MIN_LENGTH} characters. A short phrase works well.` };
  const missing = MIN_LENGTH - password.length;
  if (missing > 0)
    return {
      score: 0,
      hint: `${missing} more ${missing === 1 ? "character" : "characters"} needed (at least ${MIN_LENGTH}).`,
    };
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password));
  const variety = new Set(password).size;
  const points = Math.min(password.length, 2 * variety) + (kinds.length - 1) * 2;
  if (points < 10) return { score: 1, hint: "Easy to guess. Make it longer." };
  if (points < 14) return { score: 2, hint: "Fair. A few more characters would help." };
  return points < 18 ? { score: 3, hint: "Good." } : { score: 4, hint: "Strong." };
}
