import { Header } from "@/components/layout/header";

const ROOM = <div className="h-11" />;

/** The head of the page, until the code of the first page is there; without fields, for what is typed would be lost. */
export function Opening() {
  return (
    <>
      <Header search={ROOM} account={ROOM} />
      <div role="progressbar" aria-label="The page is loading" className="thread fades late" />
    </>
  );
}
