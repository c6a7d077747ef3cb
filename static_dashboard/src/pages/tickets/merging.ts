/** How what was read anew comes into the rows that are shown. */

import type { InfiniteData } from "@tanstack/react-query";

import type { Schema } from "../../api/client";

export type Row = Schema["TicketRow"];
export type Page = Schema["TicketPage"];
export type Pages = InfiniteData<Page>;

/** A ticket read by itself; without a row it is not, or no longer, in this list. */
export interface Single {
  id: string;
  row: Row | null;
}

/** The end of what `head` tells of: rows that are newer are in it, or in the list no more. "~" where it tells of nothing. */
export const endOf = (head: Page): string => head.items.at(-1)?.timestamp ?? "~";

/** `pages` with the newest rows as `head` has them now, and those further down that were read by themselves. */
export function merged(pages: Pages, head: Page, singles: Single[]): Pages {
  if (!head.next_cursor) return { pages: [head], pageParams: [undefined] };
  const inHead = new Set(head.items.map((row) => row.id));
  const end = endOf(head);
  const read = new Map(singles.map((one) => [one.id, one.row]));
  const shown = new Set(pages.pages.flatMap((page) => page.items.map((row) => row.id)));
  const further = pages.pages.map((page) =>
    page.items.flatMap((row) => {
      if (inHead.has(row.id) || row.timestamp > end) return [];
      const now = read.get(row.id);
      return now === null ? [] : [now ?? row];
    }),
  );
  const more = Boolean(pages.pages.at(-1)?.next_cursor);
  for (const { id, row } of singles) {
    if (row && !inHead.has(id) && !shown.has(id)) insert(row, further, more);
  }
  const items = further.map((rows, index) => (index === 0 ? [...head.items, ...rows] : rows));
  return { ...pages, pages: pages.pages.map((page, index) => ({ ...page, items: items[index] ?? [] })) };
}

/** Puts the row where its time is; below the last one only if nothing older is still to be read. */
function insert(row: Row, pages: Row[][], more: boolean): void {
  for (const rows of pages) {
    const at = rows.findIndex((one) => one.timestamp < row.timestamp);
    if (at >= 0) {
      rows.splice(at, 0, row);
      return;
    }
  }
  if (!more) pages.at(-1)?.push(row);
}

/** The first page alone: what is older is read again when somebody gets there. */
export const trimmed = (head: Page): Pages => ({ pages: [head], pageParams: [undefined] });

/** A ticket that changed its status while pages were read may be on two of them. */
export function distinct(rows: Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(row.id) && seen.add(row.id));
}
