/** The entries of the trail: read page by page, newest first; what is new is put in front without reading it all again. */

import { infiniteQueryOptions, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo } from "react";

import { answerOf, api, type Schema } from "../../api/client";
import { useHints } from "../../app/live";
import { NOTHING, useFollowing, type Told } from "../../shared/following";
import { useThrottled } from "../../shared/throttled";
import type { Filters, Query } from "./filters";

export type Entry = Schema["AuditEntry"];
type Pages = InfiniteData<Schema["AuditPage"]>;

const PAGE = 100;
const LARGEST_PAGE = 200;
/** Entries are written a little after the time they bear, by several workers: so far back is looked for late ones. */
const LATE_MS = 60_000;
/** Of accounts and settings nobody hints; what was done to them shows within this time. */
const UNHINTED_MS = 60_000;
/** A storm of changes must not become a storm of these. */
const LEAST_PAUSE_MS = 1_000;
/** A trail left open all night grows no further while it is looked at from its top. */
const MOST_KEPT = 500;
/** Hints tell of tickets, not of entries: whichever changed, the trail is looked at. */
const ANY = ["any"];
const LOOK: Told = { ids: ANY, all: false };

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
    // Read page by page anew, what somebody reads further down would move.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    meta: { follows: true },
  });

/** The entries that the filters leave; `arrived` is told which are new. */
export function useTrail(filters: Filters, arrived: (ids: string[]) => void) {
  const queries = useQueryClient();
  const options = trailQuery(filters);
  const trail = useInfiniteQuery(options);
  const entries = useMemo(() => trail.data?.pages.flatMap((page) => page.items) ?? [], [trail.data]);

  const lookForNews = async (): Promise<Told> => {
    const news = await readPage({ ...filters, ...since(entries[0], filters), limit: LARGEST_PAGE });
    if (queries.getQueryState(options.queryKey)?.fetchStatus !== "idle") return LOOK;
    const atTop = window.scrollY === 0 && entries.length > MOST_KEPT;
    // More than fits would leave a gap.
    if ((news.next_cursor && entries.length > 0) || atTop) {
      const first = await readPage({ ...filters, limit: PAGE });
      if (queries.getQueryState(options.queryKey)?.fetchStatus !== "idle") return LOOK;
      queries.setQueryData(options.queryKey, { pages: [first], pageParams: [undefined] });
      return NOTHING;
    }
    const shown = queries.getQueryData(options.queryKey)?.pages.flatMap((page) => page.items.map(({ id }) => id)) ?? [];
    const known = new Set(shown);
    // What is older than all that was read comes with its own page.
    const oldest = trail.hasNextPage ? (shown.at(-1) ?? "") : "";
    const fresh = news.items.filter(({ id }) => !known.has(id) && id > oldest);
    if (fresh.length === 0) return NOTHING;
    queries.setQueryData(options.queryKey, (now) => now && withNews(now, fresh));
    arrived(fresh.map(({ id }) => id));
    return NOTHING;
  };
  const look = useFollowing(trail.isFetching, lookForNews);
  useHints(useThrottled(() => look(ANY), LEAST_PAUSE_MS));
  const lookNow = useEffectEvent(() => look(ANY));
  useEffect(() => {
    const timer = window.setInterval(() => lookNow(), UNHINTED_MS);
    return () => window.clearInterval(timer);
  }, []);

  return { ...trail, entries };
}

/** What to ask for: what is newer than the newest entry shown. Where none is shown, the newest page is all that is looked at. */
function since(newest: Entry | undefined, filters: Filters): Pick<Filters, "from"> {
  if (!newest) return {};
  const from = new Date(Date.parse(newest.time) - LATE_MS).toISOString();
  return filters.from && Date.parse(filters.from) > Date.parse(from) ? {} : { from };
}

/** `pages` with entries that are not in it, each where it belongs; ids sort by time. */
function withNews(pages: Pages, fresh: Entry[]): Pages {
  let waiting = fresh;
  const filled = pages.pages.map((page, index) => {
    const last = index < pages.pages.length - 1 ? (page.items.at(-1)?.id ?? "") : "";
    const here = waiting.filter(({ id }) => id > last);
    waiting = waiting.filter(({ id }) => id <= last);
    return here.length ? { ...page, items: [...here, ...page.items].sort((a, b) => (a.id < b.id ? 1 : -1)) } : page;
  });
  return { ...pages, pages: filled };
}
