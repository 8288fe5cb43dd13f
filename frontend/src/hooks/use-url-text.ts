import { useState } from "react";
import { NavigationType, useLocation, useNavigationType, type NavigateOptions } from "react-router";

/** Marks a navigation that is caused by typing in a field. */
export const TYPED_NAVIGATION: NavigateOptions = { state: "typed" };

/**
 * The text of a field whose value is part of the URL. Navigation from elsewhere (back, forward,
 * another control) replaces the text. A typed navigation does not, because the user may have typed
 * more since.
 */
export function useUrlText(urlText: string): [string, (text: string) => void] {
  const [text, setText] = useState(urlText);
  const [lastUrlText, setLastUrlText] = useState(urlText);
  const location = useLocation();
  const isHistoryStep = useNavigationType() === NavigationType.Pop;
  if (lastUrlText !== urlText) {
    setLastUrlText(urlText);
    if (isHistoryStep || location.state !== TYPED_NAVIGATION.state) setText(urlText);
  }
  return [text, setText];
}
