import { FormField } from "@/components/form-field";
import { Input } from "@/components/ui/input";
import { useState } from "react";
import { useSignUp, type SignUpValues } from "../api/sign-up";
import { useFormValidation } from "../use-form-validation";
import { AuthForm } from "./auth-form";
import { EmailField } from "./email-field";
import { PasswordField } from "./password-field";
import { PasswordStrengthHint } from "./password-strength-hint";

const FIELDS = ["username", "email", "password"] as const;

export function SignUpForm({ onDone }: { onDone: () => void }) {
  const signUp = useSignUp();
  const [password, setPassword] = useState("");
  const { errors, validate } = useFormValidation(signUp.error, FIELDS);
  return (
    <AuthForm
      label="Sign up"
      busyLabel="Signing up"
      busy={signUp.isPending}
      errors={errors}
      onSubmit={(form) => {
        const values = validate(form);
        if (values) signUp.mutate(values as SignUpValues, { onSuccess: onDone });
      }}
    >
      <FormField label="Name" error={errors.username}>
        {(control) => (
          <Input {...control} name="username" autoComplete="nickname" maxLength={50} required />
        )}
      </FormField>
      <EmailField error={errors.email} />
      <PasswordField
        autoComplete="new-password"
        error={errors.password}
        hint={<PasswordStrengthHint password={password} />}
        onChange={setPassword}
      />
    </AuthForm>
  );
}
