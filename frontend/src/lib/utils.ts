import { clsx, type ClassValue } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

/** Knows the names that tokens.css adds to Tailwind's theme. */
const twMerge = extendTailwindMerge({
  extend: { theme: { shadow: ["book", "book-up", "leaf"], ease: ["page"] } },
});

/** Joins class names; of conflicting Tailwind classes the last one wins. */
export function cn(...inputs: ClassValue[]): string {
  return twMerge(clsx(inputs));
}
