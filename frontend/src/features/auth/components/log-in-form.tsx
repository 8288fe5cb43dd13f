import { useLogIn, type LogInValues } from "../api/log-in";
import { useFormValidation } from "../use-form-validation";
import { AuthForm } from "./auth-form";
import { EmailField } from "./email-field";
import { PasswordField } from "./password-field";

const FIELDS = ["email", "password"] as const;

export function LogInForm({ onDone }: { onDone: () => void }) {
  const logIn = useLogIn();
  const { errors, validate } = useFormValidation(logIn.error, FIELDS);
  return (
    <AuthForm
      label="Log in"
      busyLabel="Logging in"
      busy={logIn.isPending}
      errors={errors}
      onSubmit={(form) => {
        const values = validate(form);
        if (values) logIn.mutate(values as LogInValues, { onSuccess: onDone });
      }}
    >
      <EmailField error={errors.email} />
      <PasswordField autoComplete="current-password" error={errors.password} />
    </AuthForm>
  );
}
