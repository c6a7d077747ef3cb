/** The rows of the list: read page by page, kept fresh by hints without reading it all again. */

import { infiniteQueryOptions, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { answerOf, api, ApiError, type Schema } from "../../api/client";
import { useHints, usePolling, type Hint } from "../../app/live";
import { isOfTab, queryFor, type Filters } from "./filters";

export type Row = Schema["TicketRow"];
type Page = Schema["TicketPage"];
type Pages = InfiniteData<Page>;

const PAGE = 100;
/** What must be in the browser to be sorted comes in large pages, up to a bound. */
const LARGE_PAGE = 1000;
export const MOST_SORTED = 10_000;
/** Changed tickets further down are fetched one by one; of more than these the list is read anew. */
const MOST_SINGLE = 10;

const readPage = (filters: Filters, limit: number, cursor?: string): Promise<Page> =>
  answerOf(api.GET("/api/tickets", { params: { query: { ...queryFor(filters), limit, ...(cursor && { cursor }) } } }));

export function listQuery(filters: Filters, whole: boolean) {
  return infiniteQueryOptions({
    queryKey: ["tickets", queryFor(filters), whole],
    queryFn: ({ pageParam }) => readPage(filters, whole ? LARGE_PAGE : PAGE, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 10_000,
    // While a filter changes, what was there stays, instead of a flash of nothing.
    placeholderData: (before) => before,
  });
}

/** The rows; with `whole`, all of them (at most MOST_SORTED) are read, so that they can be sorted. */
export function useTicketList(filters: Filters, whole: boolean) {
  const queries = useQueryClient();
  const options = listQuery(filters, whole);
  const list = useInfiniteQuery(options);
  const rows = useMemo(() => distinct(list.data?.pages.flatMap((page) => page.items) ?? []), [list.data]);

  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  const goOn = whole && hasNextPage && !isFetching && !isError && rows.length < MOST_SORTED;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage]);

  const refresh = async (hints: Pick<Hint, "id">[]) => {
    const loaded = queries.getQueryData(options.queryKey);
    if (!loaded) return;
    const head = await readPage(filters, PAGE);
    const inHead = new Set(head.items.map((row) => row.id));
    const further = rows.filter((row) => !inHead.has(row.id) && hints.some((hint) => hint.id === row.id));
    if (further.length > MOST_SINGLE) return void queries.invalidateQueries({ queryKey: options.queryKey });
    const fresh = await Promise.all(further.map((row) => readRow(row, filters)));
    queries.setQueryData(options.queryKey, (now) => now && merged(now, head, fresh));
  };
  useHints((hints) => void refresh(hints).catch(ignoreOffline));

  const polling = usePolling();
  useEffect(() => {
    if (polling === false) return;
    const timer = window.setInterval(() => {
      if (!document.hidden) void queries.invalidateQueries({ queryKey: ["tickets"] });
    }, polling);
    return () => window.clearInterval(timer);
  }, [polling, queries]);

  return { ...list, rows, refresh };
}

/** The row as its ticket is now; null when it left this list. */
async function readRow(row: Row, filters: Filters): Promise<{ id: string; row: Row | null }> {
  const ticket = await answerOf(api.GET("/api/tickets/{id}", { params: { path: { id: row.id } } }));
  const now: Row = { ...row, ...ticket, engine: ticket.diagnosis.engine, run_count: ticket.runs.length };
  const { tab, source, severity, error_type: category, team } = filters;
  const stays =
    isOfTab(now.status, tab) &&
    (!source || now.source === source) &&
    (!severity || now.severity === severity) &&
    (!category || now.error_type === category) &&
    (!team || now.finops_team === team);
  return { id: row.id, row: stays ? now : null };
}

/** `pages` with the newest rows as `head` has them now, and the `changed` ones further down. */
export function merged(pages: Pages, head: Page, changed: { id: string; row: Row | null }[]): Pages {
  if (!head.next_cursor) return { pages: [head], pageParams: [undefined] };
  const inHead = new Set(head.items.map((row) => row.id));
  const lastOfHead = head.items.at(-1)?.timestamp ?? "";
  const byId = new Map(changed.map((one) => [one.id, one.row]));
  // What should stand in the head and does not has left the list.
  const further = (items: Row[]) =>
    items.flatMap((row) => {
      if (inHead.has(row.id) || row.timestamp > lastOfHead) return [];
      const now = byId.get(row.id);
      return now === null ? [] : [now ?? row];
    });
  return {
    ...pages,
    pages: pages.pages.map((page, index) => ({
      ...page,
      items: index === 0 ? [...head.items, ...further(page.items)] : further(page.items),
    })),
  };
}

/** A ticket that changed its status while pages were read may be on two of them. */
function distinct(rows: Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(row.id) && seen.add(row.id));
}

/** The page says by itself that it is offline; the next hint or reconnect brings what was missed. */
function ignoreOffline(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
