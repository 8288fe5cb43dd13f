import { paths } from "@/config/paths";
import { TYPED_NAVIGATION, useUrlText } from "@/hooks/use-url-text";
import { useDebouncedCallback } from "@/hooks/use-debounced-callback";
import { Search, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

const DEBOUNCE_MS = 250;
const LIST_PATHS = new Set([paths.home, paths.browse()]);

/** Searches while the user types on the pages that list books, and on Enter elsewhere. */
export function SearchBox() {
  const { pathname } = useLocation();
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  const isList = LIST_PATHS.has(pathname);
  const urlQuery = isList ? (params.get("search") ?? "") : "";
  const [text, setText] = useUrlText(urlQuery);
  const field = useRef<HTMLInputElement>(null);
  /** Replaces the history entry while the user types; an explicit search adds one. */
  const search = (query: string, replace: boolean) => {
    if (query === urlQuery) return;
    const next = new URLSearchParams(params);
    if (query) next.set("search", query);
    else next.delete("search");
    setParams(next, { ...TYPED_NAVIGATION, replace });
  };
  const cancel = useDebouncedCallback(text.trim(), DEBOUNCE_MS, (query) => {
    if (isList) search(query, urlQuery !== "" && query !== "");
  });
  useEffect(() => {
    // A search that fires after the user has followed a link would lead them back to the list.
    const cancelOnLink = ({ target }: MouseEvent) => {
      if (target instanceof Element && target.closest("a")) cancel();
    };
    document.addEventListener("click", cancelOnLink, true);
    return () => {
      document.removeEventListener("click", cancelOnLink, true);
    };
  }, [cancel]);

  return (
    <form
      role="search"
      className="relative"
      onSubmit={(event) => {
        event.preventDefault();
        const query = text.trim();
        cancel();
        if (isList) search(query, false);
        else if (query) void navigate(paths.browse({ search: query }), TYPED_NAVIGATION);
      }}
    >
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3.5 size-4.5 -translate-y-1/2 text-muted-foreground"
      />
      <input
        ref={field}
        type="search"
        name="search"
        aria-label="Search by title, author or ISBN"
        placeholder="Title, author or ISBN"
        autoComplete="off"
        enterKeyHint="search"
        maxLength={100}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
        className="min-h-11 w-full rounded-full border border-input bg-background pr-11 pl-10.5 text-base text-foreground placeholder:text-muted-foreground hover:border-foreground"
      />
      {text && (
        <button
          type="button"
          aria-label="Clear search"
          className="absolute top-1/2 right-1.5 grid size-8 -translate-y-1/2 place-items-center rounded-full text-muted-foreground hover:text-foreground"
          onClick={() => {
            setText("");
            if (isList) search("", false);
            field.current?.focus();
          }}
        >
          <X aria-hidden className="size-4" />
        </button>
      )}
    </form>
  );
}
