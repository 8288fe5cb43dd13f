import { useNavigation } from "react-router";

/** Runs along the head while the code of the next page is on its way, unless that comes at once. */
export function PageProgress() {
  const { state } = useNavigation();
  if (state === "idle") return null;
  return (
    <div
      role="progressbar"
      aria-label="The page is loading"
      className="thread absolute inset-x-0 bottom-0 z-10 fades late"
    />
  );
}
