import type { ReactNode } from "react";
import { SearchBox } from "./search-box";
import { ThemeToggle } from "./theme-toggle";
import { Wordmark } from "./wordmark";

/** The head of every page; `account` is the feature's part of it. */
export function Header({ account }: { account: ReactNode }) {
  return (
    <header className="deckle-below sticky top-0 z-30 bg-paper">
      <div className="mx-auto grid max-w-[84rem] grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2.5 px-4 py-2.5 sm:px-8 md:grid-cols-[minmax(max-content,1fr)_minmax(0,26rem)_minmax(max-content,1fr)] md:py-3">
        <Wordmark />
        <div className="order-last col-span-2 md:order-none md:col-span-1">
          <SearchBox />
        </div>
        <nav aria-label="Account" className="flex items-center justify-end gap-1 sm:gap-3">
          {account}
          <ThemeToggle />
        </nav>
      </div>
    </header>
  );
}
