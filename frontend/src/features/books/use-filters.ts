import { useMemo } from "react";
import { useSearchParams, type NavigateOptions } from "react-router";
import { readFilters, writeFilters, type Filters } from "./filters";

/** The filters, as the address bar holds them. */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => readFilters(params), [params]);

  /** Changes some of them; an `undefined` takes one away. */
  const change = (
    some: { [Name in keyof Filters]?: Filters[Name] | undefined },
    options?: NavigateOptions,
  ) => {
    setParams(writeFilters({ ...filters, ...some } as Filters), options);
  };
  const clear = () => {
    setParams(writeFilters(filters.sort ? { sort: filters.sort } : {}));
  };
  return { filters, change, clear };
}
