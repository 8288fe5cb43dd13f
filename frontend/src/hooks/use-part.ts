import { toast } from "@/lib/messages";
import { useCallback, useState } from "react";

/**
 * A part of the page whose code comes when it is needed. Unlike `lazy` it leaves the page standing when
 * the code cannot be loaded, and may be asked for again.
 */
export function usePart<T>(load: () => Promise<{ default: T }>) {
  const [part, setPart] = useState<T | null>(null);
  const [loading, setLoading] = useState(false);
  const get = useCallback(async () => {
    setLoading(true);
    try {
      const { default: loaded } = await load();
      setPart(() => loaded);
      return true;
    } catch {
      return false;
    } finally {
      setLoading(false);
    }
  }, [load]);
  /** As `get`, for somebody who waits: they are told when it did not come. */
  const open = async () => {
    if (!(await get())) toast("This did not open. Check your connection, then try again.");
  };
  return { part, loading, get, open };
}
