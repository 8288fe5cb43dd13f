import { Header } from "@/components/layout/header";

const PLACEHOLDER = <div className="h-11" />;

/** Shown until the code of the first page has loaded. It has no fields, because typed text would be lost. */
export function LoadingPage() {
  return (
    <>
      <Header search={PLACEHOLDER} account={PLACEHOLDER} />
      <div
        role="progressbar"
        aria-label="The page is loading"
        className="progress-thread fades late"
      />
    </>
  );
}
