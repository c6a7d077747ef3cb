/** Which entries of the trail are shown: kept in the address, so that a link shows the same ones. */

import { useMemo } from "react";
import { useSearchParams } from "wouter";

import type { paths } from "../../api/schema";

export type Query = NonNullable<paths["/api/audit"]["get"]["parameters"]["query"]>;

/** By the names that the API gives them. `from` and `to` are moments in UTC. */
export const FILTERS = ["action", "user", "ticket_id", "from", "to"] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

export interface TrailAddress {
  filters: Filters;
  change: (changes: Filters) => void;
  clear: () => void;
}

export function useTrailAddress(): TrailAddress {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(
    () =>
      Object.fromEntries(
        FILTERS.flatMap((name) => {
          const value = search.get(name);
          return value ? [[name, value]] : [];
        }),
      ) as Filters,
    [search],
  );
  const change = (changes: Filters) => {
    const next = { ...filters, ...changes };
    setSearch(Object.fromEntries(FILTERS.flatMap((name) => (next[name] ? [[name, next[name]]] : []))));
  };
  return { filters, change, clear: () => setSearch({}) };
}

const ZONE = /(Z|[+-]\d\d:?\d\d)$/;
const pad = (value: number) => String(value).padStart(2, "0");

/** A moment as a form field wants it, in local time: `2026-11-24T03:12`; "" for none, and for what is none. */
export function asLocal(moment: string | undefined): string {
  if (!moment) return "";
  // As the API has it: without a zone it is UTC.
  const at = new Date(moment.includes("T") && !ZONE.test(moment) ? `${moment}Z` : moment);
  if (Number.isNaN(at.getTime())) return "";
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** What such a field holds, as a moment in UTC. */
export const asMoment = (local: string): string => (local ? new Date(local).toISOString().replace(".000Z", "Z") : "");
