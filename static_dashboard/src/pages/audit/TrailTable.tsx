import { Button, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { memo, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { Link } from "wouter";

import { statusName } from "../../shared/format";
import { Time } from "../../shared/Time";
import type { Entry } from "./trail";

const NARROW = "@media (max-width: 760px)";
const LONG_DETAILS = 300;

const useStyles = makeStyles({
  table: {
    width: "100%",
    tableLayout: "fixed",
    borderCollapse: "collapse",
    backgroundColor: tokens.colorNeutralBackground1,
    // useStandStill does it, in every browser; two of them would do it twice.
    overflowAnchor: "none",
    [NARROW]: { display: "block" },
  },
  head: { position: "sticky", top: "48px", zIndex: 5, backgroundColor: tokens.colorNeutralBackground1, [NARROW]: { display: "none" }, "@media print": { position: "static" } },
  headCell: {
    padding: "8px",
    textAlign: "left",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    boxShadow: `inset 0 -1px 0 ${tokens.colorNeutralStroke1}`,
  },
  body: { [NARROW]: { display: "block" } },
  row: {
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    transitionProperty: "background-color",
    transitionDuration: tokens.durationSlower,
    breakInside: "avoid",
    [NARROW]: {
      display: "grid",
      gridTemplateColumns: "1fr auto",
      gridTemplateAreas: `"action time" "user user" "ticket ticket" "change change" "details details" "origin origin"`,
      gap: "2px 8px",
      padding: "8px 12px",
    },
  },
  fresh: { backgroundColor: tokens.colorBrandBackground2 },
  cell: {
    padding: "8px",
    verticalAlign: "top",
    overflowWrap: "anywhere",
    [NARROW]: { display: "block", padding: 0, minWidth: 0, ":empty": { display: "none" } },
  },
  time: { whiteSpace: "nowrap", [NARROW]: { gridArea: "time", color: tokens.colorNeutralForeground2 } },
  user: { [NARROW]: { gridArea: "user" } },
  action: { fontWeight: tokens.fontWeightSemibold, [NARROW]: { gridArea: "action" } },
  ticket: { [NARROW]: { gridArea: "ticket" } },
  change: { [NARROW]: { gridArea: "change" } },
  details: { whiteSpace: "pre-wrap", [NARROW]: { gridArea: "details" } },
  origin: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, [NARROW]: { gridArea: "origin" } },
  link: { color: tokens.colorBrandForegroundLink },
  old: { color: tokens.colorNeutralForeground2 },
  more: { padding: 0, minWidth: 0, border: "none", color: tokens.colorBrandForegroundLink },
});

const COLUMNS = [
  { name: "time", head: "Time", width: "9%" },
  { name: "user", head: "Who", width: "15%" },
  { name: "action", head: "Action", width: "14%" },
  { name: "ticket", head: "Ticket", width: "18%" },
  { name: "change", head: "Change", width: "12%" },
  { name: "details", head: "Details", width: "22%" },
  { name: "origin", head: "Came by", width: "10%" },
] as const;

/** The trail as a table; on a narrow screen each entry is a card. `fresh` are the ids of entries that have just come. */
export function TrailTable({ entries, fresh }: { entries: Entry[]; fresh: Set<string> }) {
  const styles = useStyles();
  const body = useRef<HTMLTableSectionElement>(null);
  useStandStill(body, entries);
  return (
    <table className={styles.table} role="table" aria-label="Audit trail">
      <thead role="rowgroup" className={styles.head}>
        <tr role="row">
          {COLUMNS.map(({ name, head, width }) => (
            <th key={name} role="columnheader" scope="col" className={styles.headCell} style={{ width }}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup" className={styles.body}>
        {entries.map((entry) => (
          <TrailRow key={entry.id} entry={entry} fresh={fresh.has(entry.id)} />
        ))}
      </tbody>
    </table>
  );
}

// Everything here may be somebody else's words: shown as text, each on its own side of right-to-left marks.
const TrailRow = memo(function TrailRow({ entry, fresh }: { entry: Entry; fresh: boolean }) {
  const styles = useStyles();
  const cell = (name: (typeof COLUMNS)[number]["name"]) => ({ role: "cell", className: mergeClasses(styles.cell, styles[name]) });
  return (
    <tr role="row" className={mergeClasses(styles.row, fresh && styles.fresh)} data-entry={entry.id}>
      <td {...cell("time")}>
        <Time at={entry.time} />
      </td>
      <td {...cell("user")}>
        <bdi>{entry.user}</bdi>
      </td>
      <td {...cell("action")}>
        <bdi>{entry.action}</bdi>
      </td>
      <td {...cell("ticket")}>
        {entry.ticket_id && (
          <Link href={`/tickets/${encodeURIComponent(entry.ticket_id)}`} className={styles.link}>
            {entry.ticket_id}
          </Link>
        )}
      </td>
      <td {...cell("change")}>
        <Change old={entry.old} new={entry.new} />
      </td>
      <td {...cell("details")}>{entry.details && <Details text={entry.details} />}</td>
      <td {...cell("origin")}>
        <bdi>{entry.origin}</bdi>
      </td>
    </tr>
  );
});

function Change({ old, new: now }: Pick<Entry, "old" | "new">) {
  const styles = useStyles();
  if (old === now || (old === null && now === null)) return null;
  return (
    <>
      {old !== null && <bdi className={styles.old}>{statusName(old)}</bdi>}
      {old !== null && now !== null && <span aria-label="became"> → </span>}
      {now !== null && <bdi>{statusName(now)}</bdi>}
    </>
  );
}

function Details({ text }: { text: string }) {
  const styles = useStyles();
  const [whole, setWhole] = useState(false);
  if (whole || text.length <= LONG_DETAILS) return <bdi>{text}</bdi>;
  return (
    <>
      <bdi>{text.slice(0, LONG_DETAILS)} …</bdi>{" "}
      <Button size="small" appearance="transparent" className={styles.more} onClick={() => setWhole(true)}>
        Show all
      </Button>
    </>
  );
}

/** What somebody reads stays where it is when entries come above it. */
function useStandStill(body: RefObject<HTMLElement | null>, entries: Entry[]): void {
  const seen = useRef<{ row: Element; top: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const before = seen.current;
    if (before?.row.isConnected && window.scrollY > 0) {
      const moved = before.row.getBoundingClientRect().top - before.top;
      if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
    }
    const remember = () => {
      const row = firstInView(body.current?.children);
      seen.current = row && { row, top: row.getBoundingClientRect().top };
    };
    remember();
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, [body, entries]);
}

/** Of rows one below the other the first that is not wholly above the screen; asks few of them, since it is asked at each scroll. */
function firstInView(rows: HTMLCollection | undefined): Element | undefined {
  let [low, high] = [0, rows?.length ?? 0];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows?.[middle]?.getBoundingClientRect().bottom ?? 0) > 0) high = middle;
    else low = middle + 1;
  }
  return rows?.[low];
}
