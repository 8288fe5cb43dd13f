import { useLogIn, type Credentials } from "../api/log-in";
import { useCheckedForm } from "../use-checked-form";
import { AuthForm } from "./auth-form";
import { EmailField } from "./email-field";
import { PasswordField } from "./password-field";

const FIELDS = ["email", "password"] as const;

export function LogInForm({ onDone }: { onDone: () => void }) {
  const logIn = useLogIn();
  const { errors, check } = useCheckedForm(logIn.error, FIELDS);
  return (
    <AuthForm
      label="Log in"
      busyLabel="Logging in"
      busy={logIn.isPending}
      errors={errors}
      onSubmit={(form) => {
        const values = check(form);
        if (values) logIn.mutate(values as Credentials, { onSuccess: onDone });
      }}
    >
      <EmailField error={errors.email} />
      <PasswordField autoComplete="current-password" error={errors.password} />
    </AuthForm>
  );
}
