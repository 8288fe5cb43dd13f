import { useSyncExternalStore } from "react";

export interface Message {
  id: number;
  text: string;
  /** Whether it is also shown; all are read out. */
  visible: boolean;
}

const LIFETIME = 6000;

let messages: readonly Message[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

function add(text: string, visible: boolean): void {
  const id = ++last;
  change([...messages, { id, text, visible }]);
  setTimeout(() => {
    dismiss(id);
  }, LIFETIME);
}

export function dismiss(id: number): void {
  change(messages.filter((message) => message.id !== id));
}

/** Says it to screen readers only. */
export const announce = (text: string) => {
  add(text, false);
};

/** Says it, and shows it for a while. */
export const toast = (text: string) => {
  add(text, true);
};

export const useMessages = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => messages,
  );
