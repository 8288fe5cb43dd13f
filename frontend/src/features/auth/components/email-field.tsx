import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { typedEmail } from "../typed-email";

interface EmailFieldProps {
  error?: string | undefined;
}

/** `username` tells password managers that this is what one logs in with. */
export function EmailField({ error }: EmailFieldProps) {
  return (
    <Field label="Email" error={error}>
      {(control) => (
        <Input
          {...control}
          defaultValue={typedEmail.read()}
          onChange={(event) => {
            typedEmail.keep(event.target.value);
          }}
          name="email"
          type="email"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      )}
    </Field>
  );
}
