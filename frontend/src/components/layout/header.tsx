import type { ReactNode } from "react";
import { PageProgress } from "./page-progress";
import { ThemeToggle } from "./theme-toggle";
import { Wordmark } from "./wordmark";

interface HeaderProps {
  search: ReactNode;
  account: ReactNode;
}

export function Header({ search, account }: HeaderProps) {
  return (
    <header className="deckle-below sticky top-0 z-30 bg-card">
      <div className="mx-auto flex max-w-[84rem] flex-wrap items-center justify-between gap-x-6 gap-y-2.5 px-4 py-2.5 sm:px-8 md:grid md:grid-cols-[minmax(max-content,1fr)_minmax(0,26rem)_minmax(15rem,1fr)] md:py-3 lg:grid-cols-[minmax(max-content,1fr)_minmax(0,26rem)_minmax(23rem,1fr)]">
        <Wordmark />
        <div className="order-last w-full md:order-none">{search}</div>
        <nav
          aria-label="Account"
          className="ml-auto flex flex-wrap items-center justify-end gap-0.5 sm:gap-3 md:ml-0"
        >
          {account}
          <ThemeToggle />
        </nav>
      </div>
      <PageProgress />
    </header>
  );
}
