import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { describeError } from "@/lib/api/api-error";
import { toast } from "@/lib/messages";
import { logOut } from "@/lib/session/refresh";
import { useSession } from "@/lib/session/store";
import { useMutation } from "@tanstack/react-query";
import { LogOutIcon, PackageIcon } from "lucide-react";
import { Link, useLocation } from "react-router";

const AUTH_PATHS = new Set([paths.logIn(), paths.signUp()]);

/** Links for guests or for the user who is logged in. Keeps its height while the session is unknown. */
export function AccountNav() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.status === "unknown") return <div className="h-11" />;
  if (session.status === "authenticated") return <UserNav name={session.user.name} />;
  const next = AUTH_PATHS.has(pathname)
    ? (new URLSearchParams(search).get("next") ?? undefined)
    : pathname + search;
  return (
    <>
      <Button asChild variant="link" className={COMPACT}>
        <Link to={paths.logIn(next)}>Log in</Link>
      </Button>
      <Button asChild variant="outline" className="whitespace-nowrap max-sm:hidden">
        <Link to={paths.signUp(next)}>Sign up</Link>
      </Button>
    </>
  );
}

function UserNav({ name }: { name: string }) {
  const mutation = useMutation({
    mutationFn: logOut,
    onSuccess: () => {
      toast("You have been logged out.");
    },
    onError: (error) => {
      toast(`You are still logged in. ${describeError(error)}`);
    },
  });
  return (
    <>
      <span className="max-w-40 truncate px-1 font-serif text-[1.125rem] text-muted-foreground italic max-lg:hidden">
        {name}
      </span>
      <Button asChild variant="link" className={COMPACT}>
        <Link to={paths.orders()}>
          <PackageIcon aria-hidden className="size-5 sm:hidden" />
          <span className="max-sm:sr-only">Orders</span>
        </Link>
      </Button>
      <Button
        variant="link"
        className={COMPACT}
        aria-disabled={mutation.isPending}
        onClick={() => {
          if (!mutation.isPending) mutation.mutate();
        }}
      >
        <LogOutIcon aria-hidden className="size-5 sm:hidden" />
        <span className="max-sm:sr-only">Log out</span>
      </Button>
    </>
  );
}

const COMPACT = "px-2.5 whitespace-nowrap";
