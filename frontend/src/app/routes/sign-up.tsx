import { paths } from "@/config/paths";
import { SignUpForm } from "@/features/auth/components/sign-up-form";
import { toast } from "@/lib/messages";
import { Link } from "react-router";
import { AuthPage } from "../auth-page";

export default function SignUpRoute() {
  return (
    <AuthPage title="Sign up" intro="Create an account to order books.">
      {(next) => (
        <>
          <SignUpForm
            onDone={() => {
              toast("Your account has been created.");
            }}
          />
          <p className="mt-7 text-sm text-muted-foreground">
            Already have an account?{" "}
            <Link
              to={paths.logIn(next)}
              className="inline-flex min-h-6 items-center text-foreground underline underline-offset-4"
            >
              Log in
            </Link>
          </p>
        </>
      )}
    </AuthPage>
  );
}
