import { useSyncExternalStore } from "react";

export interface Message {
  id: number;
  text: string;
  /** Screen readers announce every message; only visible ones are also shown. */
  visible: boolean;
}

const DISPLAY_TIME_MS = 6000;

let messages: readonly Message[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

function add(text: string, visible: boolean): void {
  const id = ++lastId;
  change([...messages, { id, text, visible }]);
  setTimeout(() => {
    dismiss(id);
  }, DISPLAY_TIME_MS);
}

export function dismiss(id: number): void {
  change(messages.filter((message) => message.id !== id));
}

/** Announces a text to screen readers only. */
export const announce = (text: string) => {
  add(text, false);
};

/** Announces a text and shows it for a few seconds. */
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
