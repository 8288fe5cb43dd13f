import { useMemo } from "react";
import { useSearchParams, type NavigateOptions } from "react-router";
import { readFilters, writeFilters, type Filters } from "./filters";

/** The filters in the URL. */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => readFilters(params), [params]);

  /** Changes the given filters. The value `undefined` removes one. */
  const change = (
    changes: { [Name in keyof Filters]?: Filters[Name] | undefined },
    options?: NavigateOptions,
  ) => {
    setParams(writeFilters({ ...filters, ...changes } as Filters), options);
  };
  const clear = () => {
    setParams(writeFilters(filters.sort ? { sort: filters.sort } : {}));
  };
  return { filters, change, clear };
}
