import type { ReactNode } from "react";
import { PageHeading } from "./page-heading";

interface EmptyStateProps {
  title: string;
  /** 1 if the page has no other heading. */
  level?: 1 | 2;
  children: ReactNode;
}

/** Explains why there is nothing to show, and offers a next step. */
export function EmptyState({ title, level = 2, children }: EmptyStateProps) {
  const Heading = level === 1 ? PageHeading : "h2";
  return (
    <div className="mx-auto grid max-w-md rises justify-items-center py-14 text-center">
      <svg aria-hidden viewBox="0 0 180 84" className="mb-8 w-44 text-input">
        <g fill="none" stroke="currentColor" strokeWidth="1.5">
          <path d="M2 80H178" />
          <path d="M22 79V24h15v55M37 79V15h11v64M48 79V31h18v48" />
          <path d="m78.500 78.300 12.800-51.800 13.600 3.400-12.800 51" />
          <path strokeDasharray="3 5" d="M118 79V22h14v57M132 79V30h20v49" />
        </g>
        <path d="M22 34h15M22 38h15M48 42h18M37 26h11" stroke="var(--rubric)" strokeWidth="1.5" />
      </svg>
      <Heading className="text-[1.875rem]">{title}</Heading>
      <div className="mt-3 text-muted-foreground">{children}</div>
    </div>
  );
}
