import { mergeClasses } from "@fluentui/react-components";
import { flexRender, getCoreRowModel, getSortedRowModel, useReactTable, type Row as TableRow } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";

import { useKeys } from "../../shared/keys";
import { useMedia } from "../../shared/media";
import { columns } from "./columns";
import type { Row } from "./ticketList";
import { useTableStyles } from "./tableStyles";

interface Props {
  rows: Row[];
  sort: string;
  setSort: (sort: string) => void;
  columns: string[];
  selected: string;
  select: (id: string) => void;
  open: (id: string) => void;
  reachedEnd: () => void;
}

const WIDE_ROW = 40;
const NARROW_ROW = 92;
/** The page's bar and the table's head cover this much of the screen's top. */
const HEAD_HEIGHT = 96;
const narrowScreen = window.matchMedia("(max-width: 760px)");

/** The rows of the list that are in view, among all that there are. The page itself scrolls. */
export function TicketTable(props: Props) {
  const styles = useTableStyles();
  const desc = props.sort.startsWith("-");
  const sortedBy = desc ? props.sort.slice(1) : props.sort;
  // Its functions must not be memoised by a compiler; this component is not.
  // eslint-disable-next-line react-hooks/incompatible-library
  const table = useReactTable({
    data: props.rows,
    columns,
    state: {
      sorting: useMemo(() => [{ id: sortedBy, desc }], [sortedBy, desc]),
      columnVisibility: useMemo(() => visibility(props.columns), [props.columns]),
    },
    // There are no pages here whose number could be reset.
    autoResetPageIndex: false,
    getRowId: (row) => row.id,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const { rows } = table.getRowModel();

  const narrow = useMedia(narrowScreen);
  const rowHeight = narrow ? NARROW_ROW : WIDE_ROW;
  const body = useRef<HTMLTableSectionElement>(null);
  const top = useTopOf(body);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: top,
    getItemKey: useCallback((index: number) => rows[index]?.id ?? index, [rows]),
  });
  useEffect(() => virtual.measure(), [rowHeight, virtual]);
  useStandStill(rows, rowHeight, top);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const reachedEnd = useEffectEvent(props.reachedEnd);
  useEffect(() => {
    if (last >= rows.length - 20) reachedEnd();
  }, [last, rows.length]);

  const chosen = useChosenIndex(rows, props.selected, props.select);
  const firstInView = () => items.find(({ end }) => end > window.scrollY + HEAD_HEIGHT)?.index ?? 0;
  const move = (by: number) => {
    const next = chosen < 0 ? firstInView() : Math.min(rows.length - 1, Math.max(0, chosen + by));
    const id = rows[next]?.id;
    if (!id) return;
    // The row takes the focus, whatever has it.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    props.select(id);
    virtual.scrollToIndex(next, { align: "auto" });
  };
  useKeys({
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    ...(chosen >= 0 && { Enter: () => props.open(props.selected), Escape: () => props.select("") }),
  });

  const width = table.getVisibleLeafColumns().reduce((sum, column) => sum + column.getSize(), 0);
  const before = items[0] ? items[0].start - top : 0;
  const after = virtual.getTotalSize() - before - items.length * rowHeight;
  return (
    <table className={styles.table} role="table" aria-rowcount={rows.length + 1}>
      <thead role="rowgroup" className={styles.head}>
        <tr role="row" aria-rowindex={1}>
          {table.getVisibleLeafColumns().map((column) => {
            const sorted = column.id === sortedBy ? (desc ? "descending" : "ascending") : "none";
            return (
              <th
                key={column.id}
                role="columnheader"
                scope="col"
                aria-sort={sorted}
                className={styles.headCell}
                style={{ width: `${(column.getSize() / width) * 100}%` }}
              >
                <button
                  type="button"
                  className={styles.headButton}
                  onClick={() => props.setSort(sorted === "ascending" ? `-${column.id}` : column.id)}
                >
                  {String(column.columnDef.header)}
                  <span aria-hidden>{sorted === "none" ? "" : desc ? " ↓" : " ↑"}</span>
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup" className={styles.body}>
        <Spacer height={before} />
        {items.map(({ index, key }) => {
          const row = rows[index];
          return (
            row && (
              <ListRow
                key={key}
                row={row}
                index={index}
                shown={props.columns.join()}
                selected={row.id === props.selected}
                select={props.select}
                open={props.open}
              />
            )
          );
        })}
        <Spacer height={after} />
      </tbody>
    </table>
  );
}

const visibility = (shown: string[]) => Object.fromEntries(columns.map(({ id = "" }) => [id, shown.includes(id)]));

interface RowProps {
  row: TableRow<Row>;
  index: number;
  /** The visible columns: a row is drawn anew when they change. */
  shown: string;
  selected: boolean;
  select: (id: string) => void;
  open: (id: string) => void;
}

const ListRow = memo(
  function ListRow({ row, index, selected, select, open }: RowProps) {
    const styles = useTableStyles();
    const element = useRef<HTMLTableRowElement>(null);
    useEffect(() => {
      const held = document.activeElement;
      // What somebody uses meanwhile, a field or a button, keeps the focus.
      if (selected && (held === document.body || held?.closest("[data-ticket]"))) element.current?.focus({ preventScroll: true });
    }, [selected]);
    return (
      <tr
        ref={element}
        role="row"
        className={mergeClasses(styles.row, selected && styles.selected)}
        aria-rowindex={index + 2}
        aria-selected={selected}
        tabIndex={selected ? 0 : -1}
        data-ticket={row.id}
        onFocus={() => select(row.id)}
        onClick={(event) => {
          // A click on the link is the link's; a drag that selects text is none.
          if (event.target instanceof HTMLElement && event.target.closest("a")) return;
          if (!window.getSelection()?.toString()) open(row.id);
        }}
      >
        {row.getVisibleCells().map((cell) => (
          <td key={cell.id} role="cell" className={styles.cell} data-column={cell.column.id}>
            {flexRender(cell.column.columnDef.cell, cell.getContext())}
          </td>
        ))}
      </tr>
    );
  },
  (before, now) =>
    before.row.original === now.row.original &&
    before.index === now.index &&
    before.shown === now.shown &&
    before.selected === now.selected,
);

function Spacer({ height }: { height: number }) {
  return height > 0 ? (
    <tr role="presentation" aria-hidden data-no-print style={{ height }}>
      <td role="presentation" style={{ height, padding: 0 }} />
    </tr>
  ) : null;
}

/** Where the chosen row stands, or -1. If it left the list, the row that is there now is chosen: one works on from it. */
function useChosenIndex(rows: TableRow<Row>[], selected: string, select: (id: string) => void): number {
  const index = selected ? rows.findIndex((row) => row.id === selected) : -1;
  const last = useRef(-1);
  const choose = useEffectEvent(select);
  useLayoutEffect(() => {
    if (index >= 0) last.current = index;
    else if (selected) choose(rows[Math.min(last.current, rows.length - 1)]?.id ?? "");
  }, [index, rows, selected]);
  return index;
}

/** What somebody reads stays where it is when rows come or go above it. */
function useStandStill(rows: TableRow<Row>[], rowHeight: number, top: number): void {
  const seen = useRef<{ id: string; index: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const before = seen.current;
    const now = before ? rows.findIndex((row) => row.id === before.id) : -1;
    if (before && now >= 0 && now !== before.index && window.scrollY > top) {
      window.scrollBy({ top: (now - before.index) * rowHeight, behavior: "instant" });
    }
    const remember = () => {
      const index = Math.max(0, Math.floor((window.scrollY + HEAD_HEIGHT - top) / rowHeight));
      const row = rows[index];
      seen.current = row && { id: row.id, index };
    };
    remember();
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, [rows, rowHeight, top]);
}

/** How far down the page `element` begins: what stands above it changes with the width and with notices. */
function useTopOf(element: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop(Math.round((element.current?.getBoundingClientRect().top ?? 0) + window.scrollY));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element]);
  return top;
}
