import { usePageLoading } from "@/lib/page-loads";

/** Shows a progress bar while the code of the next page is loading, after a short delay. */
export function PageProgress() {
  if (!usePageLoading()) return null;
  return (
    <div
      role="progressbar"
      aria-label="The page is loading"
      className="progress-thread absolute inset-x-0 bottom-0 z-10 fades late"
    />
  );
}
