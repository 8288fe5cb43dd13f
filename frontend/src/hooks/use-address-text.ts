import { useState } from "react";
import { NavigationType, useLocation, useNavigationType, type NavigateOptions } from "react-router";

/** For a change of the address that comes from what somebody types. */
export const TYPED: NavigateOptions = { state: "typed" };

/**
 * The text of a field whose value the address holds. A change from elsewhere (back, forward, another
 * control) replaces the text; one that was typed here does not, for more may have been typed since.
 */
export function useAddressText(asked: string): [string, (text: string) => void] {
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  const location = useLocation();
  const revisited = useNavigationType() === NavigationType.Pop;
  if (seen !== asked) {
    setSeen(asked);
    if (revisited || location.state !== TYPED.state) setText(asked);
  }
  return [text, setText];
}
