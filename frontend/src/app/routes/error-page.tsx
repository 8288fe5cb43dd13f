import { Button } from "@/components/ui/button";
import { usePageTitle } from "@/hooks/use-page-title";

/** Shown when a page fails to render, for example because its code cannot be loaded. */
export function ErrorPage() {
  usePageTitle("Something went wrong");
  return (
    <main className="mx-auto grid min-h-dvh max-w-lg content-center justify-items-start gap-5 p-6">
      <h1 className="text-[2.5rem]">This page could not be loaded</h1>
      <p role="alert" className="text-muted-foreground">
        The shop could not be reached, or a new version has been released. Reload the page to try
        again.
      </p>
      <Button
        onClick={() => {
          window.location.reload();
        }}
      >
        Reload page
      </Button>
    </main>
  );
}
