import { Button } from "@/components/ui/button";
import { useEffect, useRef } from "react";

interface LoadMoreProps {
  loading: boolean;
  failed: boolean;
  onMore: () => void;
  /** Called before `onMore` when the user presses the button. */
  onPressed: () => void;
}

const PRELOAD_DISTANCE = "500px";

/** Loads the next page when the user scrolls near the end of the list or presses the button. */
export function LoadMore({ loading, failed, onMore, onPressed }: LoadMoreProps) {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = container.current;
    if (!element || loading || failed || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onMore();
      },
      { rootMargin: PRELOAD_DISTANCE },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [loading, failed, onMore]);
  return (
    <div ref={container} className="mt-8 grid justify-items-center gap-3">
      {failed && <p role="alert">More books could not be loaded.</p>}
      <Button
        variant="outline"
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
