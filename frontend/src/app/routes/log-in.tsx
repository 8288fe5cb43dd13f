import { paths } from "@/config/paths";
import { LogInForm } from "@/features/auth/components/log-in-form";
import { toast } from "@/lib/messages";
import { session, useSession } from "@/lib/session/store";
import { Link } from "react-router";
import { AuthPage } from "../auth-page";

export default function LogInRoute() {
  const session = useSession();
  const expired = session.status === "guest" && session.expired;
  return (
    <AuthPage
      title="Log in"
      intro={expired ? "Your session has ended. Please log in again." : "Welcome back."}
    >
      {(next) => (
        <>
          <LogInForm onDone={greet} />
          <p className="mt-7 text-sm text-muted-foreground">
            No account yet?{" "}
            <Link
              to={paths.signUp(next)}
              className="inline-flex min-h-6 items-center text-foreground underline underline-offset-4"
            >
              Sign up
            </Link>
          </p>
        </>
      )}
    </AuthPage>
  );
}

function greet() {
  const current = session.read();
  if (current.status === "authenticated") toast(`Welcome back, ${current.user.name}.`);
}
