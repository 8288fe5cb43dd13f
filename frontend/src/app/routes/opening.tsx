import { Header } from "@/components/layout/header";

/** The head of the page, until the code of the first page is there. */
export function Opening() {
  return (
    <>
      <Header account={<div className="h-11" />} />
      <div role="progressbar" aria-label="The page is loading" className="thread fades late" />
    </>
  );
}
