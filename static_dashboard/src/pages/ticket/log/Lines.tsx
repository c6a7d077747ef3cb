import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { measureElement, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useRef, type KeyboardEvent, type MouseEvent, type RefObject } from "react";

import { OneRow } from "./OneRow";
import { rowAt, rowOf, type Rows } from "./rows";
import type { Quoted } from "./sources";

const ROW_HEIGHT = 20;

/** Where to scroll to, once for each key. */
export interface Target {
  key: string;
  line: number;
  character: number;
}

const useStyles = makeStyles({
  scroll: {
    height: "min(70vh, 900px)",
    minHeight: "240px",
    overflow: "auto",
    overscrollBehavior: "contain",
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${ROW_HEIGHT}px`,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  all: { position: "relative", width: "100%" },
  row: { position: "absolute", top: 0, left: 0, minWidth: "100%" },
  wrapped: { width: "100%" },
});

/** The lines that are seen, and no others: of ten megabytes some fifty are in the page. */
export function Lines(props: {
  label: string;
  lines: readonly string[];
  rows: Rows;
  wrap: boolean;
  words: string;
  current: { line: number; start: number } | null;
  quoted: readonly Quoted[];
  chosen: { from: number; to: number } | null;
  target: Target | null;
  /** The row at the top, kept for whoever is drawn next. */
  top: RefObject<number>;
  choose: ((from: number, to: number) => void) | undefined;
  hashOf: (line: number) => string;
}) {
  const { lines, rows, wrap, target, chosen, choose } = props;
  const styles = useStyles();
  const scroll = useRef<HTMLDivElement>(null);
  // It hands out functions that answer anew each time; nothing here is memoised.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 16,
    // What is not drawn, as on paper, has no height; taken at its word, all rows would have to be drawn.
    measureElement: (row, entry, instance) => measureElement(row, entry, instance) || ROW_HEIGHT,
    onChange: (changed) => {
      props.top.current = changed.getVirtualItemForOffset(changed.scrollOffset ?? 0)?.index ?? 0;
    },
  });

  const reached = useRef("");
  const goTo = useEffectEvent(() => {
    if (!target || reached.current === target.key || !rows.count) return;
    // Lines that are still to come are waited for.
    if (target.line >= rows.first.length - 1 && !rows.cut) return;
    reached.current = target.key;
    virtual.scrollToIndex(rowOf(rows, target.line, target.character), { align: "center" });
  });
  useEffect(() => goTo(), [target?.key, rows]);
  const stay = useEffectEvent(() => {
    if (!target && props.top.current) virtual.scrollToIndex(props.top.current, { align: "start" });
  });
  useEffect(() => stay(), []);

  /** The browser's own search sees the few lines that are in the page. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "f") return;
    event.preventDefault();
    scroll.current?.parentElement?.querySelector<HTMLElement>("[data-search]")?.focus();
  };
  const onNumber = (event: MouseEvent, line: number) => {
    event.preventDefault();
    if (event.shiftKey && chosen) choose?.(Math.min(chosen.from, line), Math.max(chosen.to, line));
    else choose?.(line, line);
  };

  const gutter = `${Math.max(3, String(rows.first.length - 1).length) + 2}ch`;
  return (
    <div
      ref={scroll}
      className={styles.scroll}
      tabIndex={0}
      role="region"
      aria-label={`Lines of ${props.label}`}
      data-lines
      onKeyDown={onKeyDown}
    >
      <div className={styles.all} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rowAt(rows, lines, item.index);
          const number = row.line + 1;
          return (
            <div
              key={item.key}
              data-index={item.index}
              ref={wrap ? virtual.measureElement : undefined}
              className={mergeClasses(styles.row, wrap && styles.wrapped)}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <OneRow
                row={row}
                text={lines[row.line] ?? ""}
                wrap={wrap}
                gutter={gutter}
                words={props.words}
                currentStart={props.current?.line === row.line ? props.current.start : null}
                quotedAs={props.quoted.filter(({ from, to }) => number >= from && number <= to).map(({ id }) => id)}
                chosen={chosen !== null && number >= chosen.from && number <= chosen.to}
                href={choose && props.hashOf(number)}
                onNumber={onNumber}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}
