/** What the list shows: kept in the address, so that a link shows the same list. */

import { useMemo } from "react";
import { useSearchParams } from "wouter";

import type { paths } from "../../api/schema";

export type Query = NonNullable<paths["/api/tickets"]["get"]["parameters"]["query"]>;

export const TABS = ["open", "in_progress", "acknowledged", "all"] as const;
/** What is not acknowledged, open or in progress, has no tab of its own: links lead there. */
export type Tab = (typeof TABS)[number] | "unresolved";
const SHOWN: readonly Tab[] = [...TABS, "unresolved"];

/** The filters that the API knows, by the names that it gives them. */
export const FILTERS = ["source", "severity", "error_type", "team", "q"] as const;
export type Filter = (typeof FILTERS)[number];

export interface Filters extends Partial<Record<Filter, string>> {
  tab: Tab;
}

export function filtersFrom(search: URLSearchParams): Filters {
  const wanted = search.get("status") ?? "open";
  const given = FILTERS.flatMap((name) => {
    const value = search.get(name);
    return value ? [[name, value] as const] : [];
  });
  return { tab: SHOWN.find((tab) => tab === wanted) ?? "open", ...Object.fromEntries(given) };
}

/** What to ask the API for. */
export function queryFor({ tab, ...given }: Filters): Query {
  const status = tab === "unresolved" ? "open,in_progress" : tab;
  return { ...given, ...(tab === "all" ? {} : { status }) } as Query;
}

/** Whether a ticket of this status is among those of the tab. */
export const isOfTab = (status: string, tab: Tab): boolean =>
  tab === "all" || (tab === "unresolved" ? status !== "acknowledged" : status === tab);

export const isFiltered = (filters: Filters): boolean => FILTERS.some((name) => filters[name]);

export interface ListAddress {
  filters: Filters;
  /** Column and direction, `severity` or `-severity`; newest first when there is none. */
  sort: string;
  change: (changes: Partial<Record<Filter | "status" | "sort", string>>) => void;
  clear: () => void;
}

/** Reads the list's address, and changes it. Typing does not fill the browser's history; choosing a tab does. */
export function useListAddress(): ListAddress {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => filtersFrom(search), [search]);
  const change: ListAddress["change"] = (changes) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: !("status" in changes) },
    );
  const clear = () => change(Object.fromEntries(FILTERS.map((name) => [name, ""])));
  return { filters, sort: search.get("sort") ?? "", change, clear };
}

/** How the API lists them anyway; any other order needs all rows here. */
export const NEWEST_FIRST = "-when";
export const isNewestFirst = (sort: string): boolean => sort === "" || sort === NEWEST_FIRST;
