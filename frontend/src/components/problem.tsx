import { paths } from "@/config/paths";
import { explain, isProblem } from "@/lib/api/problem";
import { cn } from "@/lib/cn";
import { useLocation } from "react-router";
import { Button, ButtonLink } from "./ui/button";

interface ProblemProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  className?: string;
}

/** What went wrong, in one sentence, and the way on. */
export function Problem({ error, onRetry, className }: ProblemProps) {
  const { pathname, search } = useLocation();
  return (
    <div role="alert" className={cn("rises border-l-3 border-rubric py-1 pl-5", className)}>
      <p className="max-w-prose text-ink">{explain(error)}</p>
      {isProblem(error, 401) ? (
        <ButtonLink to={paths.logIn(pathname + search)} look="outline" size="sm" className="mt-3">
          Log in
        </ButtonLink>
      ) : (
        onRetry &&
        !isProblem(error, 400, 422) && (
          <Button look="outline" size="sm" className="mt-3" onClick={onRetry}>
            Try again
          </Button>
        )
      )}
    </div>
  );
}
