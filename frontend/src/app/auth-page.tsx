import { PageHeading } from "@/components/page-heading";
import { Card } from "@/components/ui/card";
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

/** The page of a form. A user who is logged in is redirected to the page they came from. */
export function AuthPage({ title, intro, children }: AuthPageProps) {
  usePageTitle(title);
  const [params] = useSearchParams();
  const session = useSession();
  const next = params.get("next");
  if (session.status === "authenticated") return <Navigate replace to={safeNext(next)} />;
  return (
    <Card className="mx-auto mt-2 mb-8 max-w-[29rem] px-6 pt-9 pb-8 sm:px-11 sm:pt-11">
      <PageHeading className="text-[2.75rem] font-[350] tracking-[-0.022em]">{title}</PageHeading>
      <p className="mt-2.5 font-serif text-[1.1875rem] text-muted-foreground italic">{intro}</p>
      {children(next ?? undefined)}
    </Card>
  );
}
