import { paths } from "@/config/paths";
import { TYPED, useAddressText } from "@/hooks/use-address-text";
import { useDebounced } from "@/hooks/use-debounced";
import { Search, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

const REST = 250;
const LISTS = new Set([paths.home, paths.browse()]);

/** Searches as one types where the books are listed; elsewhere on Enter. */
export function SearchBox() {
  const { pathname } = useLocation();
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  const inList = LISTS.has(pathname);
  const asked = inList ? (params.get("search") ?? "") : "";
  const [text, setText] = useAddressText(asked);
  const field = useRef<HTMLInputElement>(null);
  /** Letters that follow one another are one step of the history; what was asked for on purpose is one of its own. */
  const search = (wanted: string, replace: boolean) => {
    if (wanted === asked) return;
    const next = new URLSearchParams(params);
    if (wanted) next.set("search", wanted);
    else next.delete("search");
    setParams(next, { ...TYPED, replace });
  };
  const cancel = useDebounced(text.trim(), REST, (wanted) => {
    if (inList) search(wanted, asked !== "" && wanted !== "");
  });
  useEffect(() => {
    // Who has just chosen a book must not be called back to the list.
    const leave = ({ target }: MouseEvent) => {
      if (target instanceof Element && target.closest("a")) cancel();
    };
    document.addEventListener("click", leave, true);
    return () => {
      document.removeEventListener("click", leave, true);
    };
  }, [cancel]);

  return (
    <form
      role="search"
      className="relative"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        cancel();
        if (inList) search(wanted, false);
        else if (wanted) void navigate(paths.browse({ search: wanted }), TYPED);
      }}
    >
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3.5 size-4.5 -translate-y-1/2 text-soft"
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
        className="min-h-11 w-full rounded-full border border-edge bg-ground pr-11 pl-10.5 text-base text-ink placeholder:text-soft hover:border-ink"
      />
      {text && (
        <button
          type="button"
          aria-label="Clear the search"
          className="absolute top-1/2 right-1.5 grid size-8 -translate-y-1/2 place-items-center rounded-full text-soft hover:text-ink"
          onClick={() => {
            setText("");
            if (inList) search("", false);
            field.current?.focus();
          }}
        >
          <X aria-hidden className="size-4" />
        </button>
      )}
    </form>
  );
}
