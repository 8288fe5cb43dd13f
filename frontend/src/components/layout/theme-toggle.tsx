import { Button } from "@/components/ui/button";
import { useTheme } from "@/lib/theme";
import { Moon, Sun } from "lucide-react";

export function ThemeToggle() {
  const [theme, toggle] = useTheme();
  const Icon = theme === "dark" ? Sun : Moon;
  return (
    <Button
      look="quiet"
      size="icon"
      aria-label={theme === "dark" ? "Switch to light" : "Switch to dark"}
      onClick={toggle}
    >
      <Icon aria-hidden className="size-5" />
    </Button>
  );
}
