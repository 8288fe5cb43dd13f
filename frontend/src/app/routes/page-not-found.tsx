import { NotFound } from "../not-found";

export default function PageNotFound() {
  return <NotFound what="page" />;
}
