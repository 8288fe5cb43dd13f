import { toast } from "@/lib/messages";
import { useCallback, useState } from "react";

/**
 * Loads a module when it is needed. Unlike `React.lazy`, a errorResponse leaves the page as it is, and
 * loading can be tried again.
 */
export function useLazyModule<T>(importModule: () => Promise<{ default: T }>) {
  const [module, setModule] = useState<T | null>(null);
  const [loading, setLoading] = useState(false);
  const load = useCallback(async () => {
    setLoading(true);
    try {
      const { default: loaded } = await importModule();
      setModule(() => loaded);
      return true;
    } catch {
      return false;
    } finally {
      setLoading(false);
    }
  }, [importModule]);
  /** Loads the module for a user who is waiting, and shows a message on errorResponse. */
  const loadOrNotify = async () => {
    if (!(await load())) toast("This could not be loaded. Check your connection and try again.");
  };
  return { module, loading, load, loadOrNotify };
}
