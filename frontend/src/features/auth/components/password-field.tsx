import { FormField } from "@/components/form-field";
import { Input } from "@/components/ui/input";
import { EyeIcon, EyeOffIcon } from "lucide-react";
import { useState, type ReactNode } from "react";

interface PasswordFieldProps {
  autoComplete: "current-password" | "new-password";
  error?: string | undefined;
  hint?: ReactNode;
  onChange?: (password: string) => void;
}

export function PasswordField({ autoComplete, error, hint, onChange }: PasswordFieldProps) {
  const [visible, setVisible] = useState(false);
  const Icon = visible ? EyeOffIcon : EyeIcon;
  return (
    <FormField label="Password" error={error} hint={hint}>
      {(control) => (
        <span className="relative">
          <Input
            {...control}
            name="password"
            type={visible ? "text" : "password"}
            autoComplete={autoComplete}
            autoCapitalize="none"
            spellCheck={false}
            required
            className="pr-12"
            onChange={(event) => onChange?.(event.target.value)}
          />
          <button
            type="button"
            aria-label={visible ? "Hide password" : "Show password"}
            className="absolute top-1/2 right-1.5 grid size-9 -translate-y-1/2 place-items-center rounded-sm text-muted-foreground hover:text-foreground"
            onClick={() => {
              setVisible(!visible);
            }}
          >
            <Icon aria-hidden className="size-5" />
          </button>
        </span>
      )}
    </FormField>
  );
}
