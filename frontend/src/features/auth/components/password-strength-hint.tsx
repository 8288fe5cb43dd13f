import { cn } from "@/lib/utils";
import { measureStrength } from "../password-strength";

const STEPS = [1, 2, 3, 4];

export function PasswordStrengthHint({ password }: { password: string }) {
  const { score, hint } = measureStrength(password);
  return (
    <div className="flex items-center gap-3">
      <span aria-hidden className="flex shrink gap-1">
        {STEPS.map((step) => (
          <span
            key={step}
            className={cn(
              "h-1 w-6 min-w-1.5 rounded-full transition-colors",
              step > score ? "bg-border" : score > 2 ? "bg-success" : "bg-rubric",
            )}
          />
        ))}
      </span>
      <span className="min-w-0 flex-1">{hint}</span>
    </div>
  );
}
