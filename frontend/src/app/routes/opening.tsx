import { Header } from "@/components/layout/header";

/** The head of the page, until the code of the first page is there. What is typed into it would be lost. */
const ROOM = <div className="h-11" />;

export function Opening() {
  return (
    <>
      <Header search={ROOM} account={ROOM} />
      <div role="progressbar" aria-label="The page is loading" className="thread fades late" />
    </>
  );
}
