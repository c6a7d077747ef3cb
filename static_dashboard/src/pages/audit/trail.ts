/** The entries of the trail: read page by page, newest first; what is new is put in front without reading it all again. */

import { infiniteQueryOptions, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo } from "react";

import { answerOf, api, ApiError, type Schema } from "../../api/client";
import { useHints, usePolling } from "../../app/live";
import type { Filters, Query } from "./filters";

export type Entry = Schema["AuditEntry"];
type Pages = InfiniteData<Schema["AuditPage"]>;

const PAGE = 100;
const LARGEST_PAGE = 200;
/** Entries are written a little after the time they bear, by several workers: so far back is looked for late ones. */
const LATE_MS = 60_000;
/** Of accounts and settings nobody hints; what was done to them shows within this time. */
const UNHINTED_MS = 60_000;

const readPage = (query: Omit<Query, "action" | "user"> & Filters) =>
  answerOf(api.GET("/api/audit", { params: { query: query as Query } }));

const trailQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam }) => readPage({ ...filters, limit: PAGE, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
    staleTime: 10_000,
  });

/** The entries that the filters leave; `arrived` is told which are new. */
export function useTrail(filters: Filters, arrived: (ids: string[]) => void) {
  const queries = useQueryClient();
  const options = trailQuery(filters);
  const trail = useInfiniteQuery(options);
  const entries = useMemo(() => trail.data?.pages.flatMap((page) => page.items) ?? [], [trail.data]);

  const lookForNews = async () => {
    const newest = queries.getQueryData(options.queryKey)?.pages[0]?.items[0];
    if (!newest) return void queries.invalidateQueries({ queryKey: options.queryKey });
    const since = new Date(Date.parse(newest.time) - LATE_MS).toISOString();
    const from = filters.from && Date.parse(filters.from) > Date.parse(since) ? filters.from : since;
    const news = await readPage({ ...filters, from, limit: LARGEST_PAGE });
    // More than fits would leave a gap.
    if (news.next_cursor) return void queries.invalidateQueries({ queryKey: options.queryKey });
    const known = new Set(queries.getQueryData(options.queryKey)?.pages.flatMap((page) => page.items.map(({ id }) => id)));
    const fresh = news.items.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    queries.setQueryData(options.queryKey, (now) => now && withNews(now, fresh));
    arrived(fresh.map(({ id }) => id));
  };
  // The page says by itself that it is offline; the next hint or reconnect brings what was missed.
  const look = () =>
    void lookForNews().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  useHints(look);

  const pause = usePolling() || UNHINTED_MS;
  const lookNow = useEffectEvent(look);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) lookNow();
    }, pause);
    return () => window.clearInterval(timer);
  }, [pause]);

  return { ...trail, entries };
}

/** `pages` with entries that are not in it; ids sort by time. A late one stands among those of its time. */
function withNews(pages: Pages, fresh: Entry[]): Pages {
  const [first, ...rest] = pages.pages;
  if (!first) return pages;
  const items = [...fresh, ...first.items].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}
