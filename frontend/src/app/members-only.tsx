import { Problem } from "@/components/problem";
import { paths } from "@/config/paths";
import { OrderListSkeleton } from "@/features/orders/components/order-list";
import { unreachable } from "@/lib/api/problem";
import { startSession } from "@/lib/session/refresh";
import { useSession, type Member } from "@/lib/session/store";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";

/** Sends guests to log in, from where they come back. */
export function MembersOnly({ children }: { children: (member: Member) => ReactNode }) {
  const session = useSession();
  const { pathname, search } = useLocation();
  switch (session.status) {
    case "member":
      return children(session.member);
    case "guest":
      return <Navigate replace to={paths.logIn(pathname + search)} />;
    case "unreachable":
      return <Problem error={unreachable()} onRetry={() => void startSession()} />;
    case "unknown":
      return <OrderListSkeleton />;
  }
}
