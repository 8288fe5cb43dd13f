import { paths } from "@/config/paths";
import { SignUpForm } from "@/features/auth/components/sign-up-form";
import { toast } from "@/lib/messages";
import { Link } from "react-router";
import { AuthPage } from "../auth-page";

export function Component() {
  return (
    <AuthPage title="Sign up" intro="A name, an address, a password. That is all.">
      {(next) => (
        <>
          <SignUpForm
            onDone={() => {
              toast("Your account is ready. Welcome.");
            }}
          />
          <p className="mt-7 text-sm text-soft">
            Been here before?{" "}
            <Link
              to={paths.logIn(next)}
              className="inline-flex min-h-6 items-center text-ink underline underline-offset-4"
            >
              Log in
            </Link>
          </p>
        </>
      )}
    </AuthPage>
  );
}
