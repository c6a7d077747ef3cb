/** What the overview shows, from one request; and of how many days, which stands in the address. */

import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "wouter";

import { answerOf, api, type Schema } from "../../api/client";
import { useHints, usePolling } from "../../app/live";
import { useThrottled } from "../../shared/throttled";

export type Overview = Schema["Overview"];

export const WINDOWS = [7, 30, 90] as const;
export type Window = (typeof WINDOWS)[number];
const USUAL: Window = 30;

/** The request reads every month of counters: a storm of changes must not become a storm of these. */
const LEAST_PAUSE_MS = 10_000;

export function useWindow(): Window {
  const [search] = useSearchParams();
  return WINDOWS.find((days) => String(days) === search.get("days")) ?? USUAL;
}

const overviewQuery = (days: Window) =>
  queryOptions({
    queryKey: ["analytics", days],
    queryFn: () => answerOf(api.GET("/api/analytics", { params: { query: { days } } })),
    // While another window is read, the one before stays, greyed.
    placeholderData: keepPreviousData,
    staleTime: LEAST_PAUSE_MS,
  });

/** The overview, kept fresh: by hints, the first at once and then each LEAST_PAUSE_MS, or by polling. */
export function useOverview(days: Window) {
  const queries = useQueryClient();
  const refresh = useThrottled(() => void queries.invalidateQueries({ queryKey: ["analytics"] }), LEAST_PAUSE_MS);
  useHints(refresh);
  return useQuery({ ...overviewQuery(days), refetchInterval: usePolling() });
}
