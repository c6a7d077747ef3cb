import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";

import { answerOf, api } from "../api/client";
import { useHints, usePolling } from "../app/live";

export const summaryQuery = queryOptions({
  queryKey: ["summary"],
  queryFn: () => answerOf(api.GET("/api/summary")),
  placeholderData: keepPreviousData,
});

/** The counts over all tickets, kept fresh. */
export function useSummary() {
  const queries = useQueryClient();
  useHints(() => void queries.invalidateQueries({ queryKey: summaryQuery.queryKey }));
  return useQuery({ ...summaryQuery, refetchInterval: usePolling() });
}
