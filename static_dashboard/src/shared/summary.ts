import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";

import { answerOf, api } from "../api/client";
import { useHints, usePolling } from "../app/live";
import { useThrottled } from "./throttled";

/** A storm of changes must not become a storm of these. */
const LEAST_PAUSE_MS = 3_000;

export const summaryQuery = queryOptions({
  queryKey: ["summary"],
  queryFn: () => answerOf(api.GET("/api/summary")),
  placeholderData: keepPreviousData,
});

/** The counts over all tickets, kept fresh. */
export function useSummary() {
  const queries = useQueryClient();
  useHints(useThrottled(() => void queries.invalidateQueries({ queryKey: summaryQuery.queryKey }), LEAST_PAUSE_MS));
  return useQuery({ ...summaryQuery, refetchInterval: usePolling() });
}
