import { ErrorMessage } from "@/components/error-message";
import { paths } from "@/config/paths";
import { OrderListSkeleton } from "@/features/orders/components/order-list";
import { unreachableError } from "@/lib/api/api-error";
import { restoreSession } from "@/lib/session/refresh";
import { useSession, type SessionUser } from "@/lib/session/store";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";

/** Redirects guests to the log-in page, which leads back here. */
export function RequireLogin({ children }: { children: (user: SessionUser) => ReactNode }) {
  const session = useSession();
  const { pathname, search } = useLocation();
  switch (session.status) {
    case "authenticated":
      return children(session.user);
    case "guest":
      return <Navigate replace to={paths.logIn(pathname + search)} />;
    case "unreachable":
      return <ErrorMessage error={unreachableError()} onRetry={() => void restoreSession()} />;
    case "unknown":
      return <OrderListSkeleton />;
  }
}
