import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { paths } from "@/config/paths";
import { describeError, isApiError } from "@/lib/api/api-error";
import { cn } from "@/lib/utils";
import { Link, useLocation } from "react-router";

interface ErrorMessageProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  className?: string;
}

/** Says what went wrong and offers to log in or to try again where that can help. */
export function ErrorMessage({ error, onRetry, className }: ErrorMessageProps) {
  const { pathname, search } = useLocation();
  return (
    <Alert variant="destructive" className={cn("rises", className)}>
      <AlertDescription>{describeError(error)}</AlertDescription>
      {isApiError(error, 401) ? (
        <Button asChild variant="outline" size="sm" className="mt-3">
          <Link to={paths.logIn(pathname + search)}>Log in</Link>
        </Button>
      ) : (
        onRetry &&
        !isApiError(error, 400, 422) && (
          <Button variant="outline" size="sm" className="mt-3" onClick={onRetry}>
            Try again
          </Button>
        )
      )}
    </Alert>
  );
}
