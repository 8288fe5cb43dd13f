import { useState } from "react";

/**
 * Returns the handler for `onCloseAutoFocus` that focuses the element which was focused when the
 * dialog was mounted. Radix itself does so only for a trigger inside the dialog's own tree.
 */
export function useReturnFocus(): (event: Event) => void {
  const [opener] = useState(() => document.activeElement);
  return (event) => {
    event.preventDefault();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  };
}
