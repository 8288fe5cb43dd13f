import { FormField } from "@/components/form-field";
import { Input } from "@/components/ui/input";
import { emailDraft } from "../email-draft";

interface EmailFieldProps {
  error?: string | undefined;
}

/** The autocomplete token `username` marks the email as the log-in name for password managers. */
export function EmailField({ error }: EmailFieldProps) {
  return (
    <FormField label="Email" error={error}>
      {(control) => (
        <Input
          {...control}
          defaultValue={emailDraft.read()}
          onChange={(event) => {
            emailDraft.store(event.target.value);
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
    </FormField>
  );
}
