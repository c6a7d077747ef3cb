/** The rows of the list: read page by page, kept fresh by hints without reading it all again. */

import { infiniteQueryOptions, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { answerOf, api } from "../../api/client";
import { useHints } from "../../app/live";
import { NOTHING, useFollowing, type Told } from "../../shared/following";
import { queryFor, type Filters } from "./filters";
import { distinct, endOf, merged, trimmed, type Page } from "./merging";
import { readSingle } from "./singles";

export type { Row } from "./merging";

const PAGE = 100;
/** What must be in the browser to be sorted comes in large pages, up to a bound. */
const LARGE_PAGE = 1000;
export const MOST_SORTED = 10_000;
/** A rare search has pages without a row: after so many a person says whether to go on. */
const MOST_READ = 20;
/** Changed tickets further down are fetched one by one; of more than these all that is shown is. */
const MOST_SINGLE = 10;
/** A list left open all night grows no further while it is looked at from its top. */
const MOST_KEPT = 500;

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
    // Read page by page anew, what somebody reads further down would move.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    meta: { follows: true },
  });
}

/** The rows; with `whole`, all of them (at most MOST_SORTED) are read, so that they can be sorted. */
export function useTicketList(filters: Filters, whole: boolean) {
  const queries = useQueryClient();
  const options = listQuery(filters, whole);
  const list = useInfiniteQuery(options);
  const rows = useMemo(() => distinct(list.data?.pages.flatMap((page) => page.items) ?? []), [list.data]);

  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  const readsOn = whole && hasNextPage && !isError && rows.length < MOST_SORTED && (list.data?.pages.length ?? 0) < MOST_READ;
  useEffect(() => {
    if (readsOn && !isFetching) void fetchNextPage();
  }, [readsOn, isFetching, fetchNextPage]);

  const read = async (told: Told): Promise<Told> => {
    const { ids, all } = told;
    const shown = new Set(rows.map((row) => row.id));
    const everything = Math.min(LARGE_PAGE, Math.max(PAGE, rows.length));
    let head = await readPage(filters, all ? everything : PAGE);
    const inHead = new Set(head.items.map((row) => row.id));
    const further = ids.filter((id) => !inHead.has(id) && (shown.has(id) || mayBeFurtherDown(id, head)));
    const singly = further.length <= MOST_SINGLE && !(filters.q && further.some((id) => !shown.has(id)));
    if (!singly && !all) head = await readPage(filters, everything);
    const answers = await Promise.allSettled(singly ? further.map((id) => readSingle(id, filters)) : []);
    const singles = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    // A page that came in the meantime is merged into with the next reading.
    if (queries.getQueryState(options.queryKey)?.fetchStatus !== "idle") return told;
    const atTop = !whole && window.scrollY === 0 && rows.length > MOST_KEPT;
    queries.setQueryData(options.queryKey, (now) => now && (atTop ? trimmed(head) : merged(now, head, singles)));
    const unread = further.filter((id) => singly && !singles.some((one) => one.id === id));
    return { ...NOTHING, ids: unread };
  };
  const refresh = useFollowing(isFetching, read);
  useHints((hints) => refresh(hints.map(({ id }) => id)));

  return { ...list, rows, readsOn, refresh };
}

/** A ticket's id tells when it was made: `ADF-20261124T031245-abc123`. */
const MADE_AT = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/;

/** Whether the ticket is older than what `head` tells of; a newer one that is not in it has no place in this list. */
function mayBeFurtherDown(id: string, head: Page): boolean {
  const made = MADE_AT.exec(id);
  if (!head.next_cursor || !made) return false;
  const [, year, month, day, hour, minute, second] = made;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}` <= endOf(head);
}
