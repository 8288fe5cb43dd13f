import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useState } from "react";
import { useSignUp, type NewAccount } from "../api/sign-up";
import { useCheckedForm } from "../use-checked-form";
import { AuthForm } from "./auth-form";
import { EmailField } from "./email-field";
import { PasswordField } from "./password-field";
import { StrengthHint } from "./strength-hint";

const FIELDS = ["username", "email", "password"] as const;

export function SignUpForm({ onDone }: { onDone: () => void }) {
  const signUp = useSignUp();
  const [password, setPassword] = useState("");
  const { errors, check } = useCheckedForm(signUp.error, FIELDS);
  return (
    <AuthForm
      label="Sign up"
      busyLabel="Signing up"
      busy={signUp.isPending}
      errors={errors}
      onSubmit={(form) => {
        const values = check(form);
        if (values) signUp.mutate(values as NewAccount, { onSuccess: onDone });
      }}
    >
      <Field label="Name" error={errors.username}>
        {(control) => (
          <Input {...control} name="username" autoComplete="nickname" maxLength={50} required />
        )}
      </Field>
      <EmailField error={errors.email} />
      <PasswordField
        autoComplete="new-password"
        error={errors.password}
        hint={<StrengthHint password={password} />}
        onChange={setPassword}
      />
    </AuthForm>
  );
}
