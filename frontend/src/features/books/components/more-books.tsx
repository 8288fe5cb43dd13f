import { Button } from "@/components/ui/button";
import { useEffect, useRef } from "react";

interface MoreBooksProps {
  loading: boolean;
  failed: boolean;
  onMore: () => void;
  /** The button was pressed. */
  onPressed: () => void;
}

const EARLY = "500px";

/** Loads the next page when one comes near, and has a button for those who press one. */
export function MoreBooks({ loading, failed, onMore, onPressed }: MoreBooksProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const here = place.current;
    if (!here || loading || failed || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onMore();
      },
      { rootMargin: EARLY },
    );
    observer.observe(here);
    return () => {
      observer.disconnect();
    };
  }, [loading, failed, onMore]);
  return (
    <div ref={place} className="mt-8 grid justify-items-center gap-3">
      {failed && <p role="alert">The next books could not be loaded.</p>}
      <Button
        look="outline"
        aria-disabled={loading}
        onClick={() => {
          onPressed();
          if (!loading) onMore();
        }}
      >
        {loading ? "Loading more" : failed ? "Try again" : "Show more"}
      </Button>
    </div>
  );
}
