import { Button, ButtonLink } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { explain } from "@/lib/api/problem";
import { toast } from "@/lib/messages";
import { endSession } from "@/lib/session/refresh";
import { useSession } from "@/lib/session/store";
import { useMutation } from "@tanstack/react-query";
import { LogOut, Package } from "lucide-react";
import { useLocation } from "react-router";

const AUTH = new Set([paths.logIn(), paths.signUp()]);

/** Who is here, and the way in or out. Keeps its height while nobody knows yet. */
export function AccountNav() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.status === "unknown") return <div className="h-11" />;
  if (session.status === "member") return <MemberNav name={session.member.name} />;
  const next = AUTH.has(pathname)
    ? (new URLSearchParams(search).get("next") ?? undefined)
    : pathname + search;
  return (
    <>
      <ButtonLink to={paths.logIn(next)} look="quiet" size="slim">
        Log in
      </ButtonLink>
      <ButtonLink
        to={paths.signUp(next)}
        look="outline"
        className="whitespace-nowrap max-sm:hidden"
      >
        Sign up
      </ButtonLink>
    </>
  );
}

function MemberNav({ name }: { name: string }) {
  const logOut = useMutation({
    mutationFn: endSession,
    onSuccess: () => {
      toast("You are logged out.");
    },
    onError: (error) => {
      toast(`You are still logged in. ${explain(error)}`);
    },
  });
  return (
    <>
      <span className="max-w-40 truncate px-1 font-serif text-[1.125rem] text-soft italic max-lg:hidden">
        {name}
      </span>
      <ButtonLink to={paths.orders()} look="quiet" size="slim">
        <Package aria-hidden className="size-5 sm:hidden" />
        <span className="max-sm:sr-only">Orders</span>
      </ButtonLink>
      <Button
        look="quiet"
        size="slim"
        aria-disabled={logOut.isPending}
        onClick={() => {
          if (!logOut.isPending) logOut.mutate();
        }}
      >
        <LogOut aria-hidden className="size-5 sm:hidden" />
        <span className="max-sm:sr-only">Log out</span>
      </Button>
    </>
  );
}
