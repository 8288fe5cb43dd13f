import { Button } from "@/components/ui/button";
import { usePageTitle } from "@/hooks/use-page-title";

/** When the page itself breaks, such as when its code cannot be loaded. */
export function Broken() {
  usePageTitle("Something went wrong");
  return (
    <main className="mx-auto grid min-h-dvh max-w-lg content-center justify-items-start gap-5 p-6">
      <h1 className="text-[2.5rem]">This page did not open</h1>
      <p role="alert" className="text-soft">
        The shop could not be reached, or it has changed since you came in. Opening the page anew
        helps in both cases.
      </p>
      <Button
        onClick={() => {
          window.location.reload();
        }}
      >
        Open it anew
      </Button>
    </main>
  );
}
