import { PageHeading } from "@/components/page-heading";
import { safeNext } from "@/config/paths";
import { usePageTitle } from "@/hooks/use-page-title";
import { useSession } from "@/lib/session/store";
import type { ReactNode } from "react";
import { Navigate, useSearchParams } from "react-router";

interface AuthPageProps {
  title: string;
  intro: string;
  children: (next: string | undefined) => ReactNode;
}

/** A leaf for a form. Who is logged in already, or now, goes on to where they came from. */
export function AuthPage({ title, intro, children }: AuthPageProps) {
  usePageTitle(title);
  const [params] = useSearchParams();
  const session = useSession();
  const next = params.get("next");
  if (session.status === "member") return <Navigate replace to={safeNext(next)} />;
  return (
    <div className="deckle-below relative mx-auto mt-2 mb-8 max-w-[29rem] rounded-t-md bg-paper px-6 pt-9 pb-8 sm:px-11 sm:pt-11">
      <PageHeading className="text-[2.75rem] font-[350] tracking-[-0.022em]">{title}</PageHeading>
      <p className="mt-2.5 font-serif text-[1.1875rem] text-soft italic">{intro}</p>
      {children(next ?? undefined)}
    </div>
  );
}
