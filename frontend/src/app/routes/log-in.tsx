import { paths } from "@/config/paths";
import { LogInForm } from "@/features/auth/components/log-in-form";
import { toast } from "@/lib/messages";
import { session, useSession } from "@/lib/session/store";
import { Link } from "react-router";
import { AuthPage } from "../auth-page";

export function Component() {
  const session = useSession();
  const ended = session.status === "guest" && session.ended;
  return (
    <AuthPage
      title="Log in"
      intro={ended ? "Your session has ended. Log in to go on." : "Good to have you back."}
    >
      {(next) => (
        <>
          <LogInForm onDone={greet} />
          <p className="mt-7 text-sm text-soft">
            New here?{" "}
            <Link
              to={paths.signUp(next)}
              className="inline-flex min-h-6 items-center text-ink underline underline-offset-4"
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
  const now = session.read();
  if (now.status === "member") toast(`Welcome back, ${now.member.name}.`);
}
