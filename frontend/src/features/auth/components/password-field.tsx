import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Eye, EyeOff } from "lucide-react";
import { useState, type ReactNode } from "react";

interface PasswordFieldProps {
  autoComplete: "current-password" | "new-password";
  error?: string | undefined;
  hint?: ReactNode;
  onChange?: (password: string) => void;
}

export function PasswordField({ autoComplete, error, hint, onChange }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field label="Password" error={error} hint={hint}>
      {(control) => (
        <span className="relative">
          <Input
            {...control}
            name="password"
            type={shown ? "text" : "password"}
            autoComplete={autoComplete}
            autoCapitalize="none"
            spellCheck={false}
            required
            className="pr-12"
            onChange={(event) => onChange?.(event.target.value)}
          />
          <button
            type="button"
            aria-label={shown ? "Hide the password" : "Show the password"}
            className="absolute top-1/2 right-1.5 grid size-9 -translate-y-1/2 place-items-center rounded-sm text-soft hover:text-ink"
            onClick={() => {
              setShown(!shown);
            }}
          >
            <Icon aria-hidden className="size-5" />
          </button>
        </span>
      )}
    </Field>
  );
}
