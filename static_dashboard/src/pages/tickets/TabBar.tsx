import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";

import type { Schema } from "../../api/client";
import { count, statusName } from "../../shared/format";
import { isOfTab, TABS, type Tab } from "./filters";

const useStyles = makeStyles({
  bar: { display: "flex", overflowX: "auto", borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
  tab: {
    display: "flex",
    gap: "6px",
    alignItems: "baseline",
    padding: "10px 14px",
    border: "none",
    borderBottom: "2px solid transparent",
    backgroundColor: "transparent",
    color: tokens.colorNeutralForeground2,
    fontFamily: "inherit",
    fontSize: tokens.fontSizeBase300,
    whiteSpace: "nowrap",
    cursor: "pointer",
    ":hover": { color: tokens.colorNeutralForeground1 },
    "@media (max-width: 640px)": { padding: "10px 8px" },
  },
  chosen: { color: tokens.colorNeutralForeground1, borderBottomColor: tokens.colorBrandStroke1, fontWeight: tokens.fontWeightSemibold },
  count: { fontVariantNumeric: "tabular-nums", fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
});

/** One list for each status, with how many there are. */
export function TabBar(props: { chosen: Tab; counts: Schema["Summary"] | undefined; choose: (tab: Tab) => void }) {
  const styles = useStyles();
  return (
    <nav className={styles.bar} aria-label="Tickets by status" data-no-print>
      {(props.chosen === "unresolved" ? [...TABS, props.chosen] : TABS).map((tab) => (
        <button
          key={tab}
          type="button"
          className={mergeClasses(styles.tab, tab === props.chosen && styles.chosen)}
          aria-current={tab === props.chosen ? "true" : undefined}
          onClick={() => props.choose(tab)}
        >
          {tab === "all" ? "All" : tab === "unresolved" ? "Not acknowledged" : statusName(tab)}
          {props.counts && <span className={styles.count}>{count(countOf(tab, props.counts))}</span>}
        </button>
      ))}
    </nav>
  );
}

const countOf = (tab: Tab, counts: Schema["Summary"]) =>
  Object.entries(counts.by_status).reduce((sum, [status, found]) => sum + (isOfTab(status, tab) ? found : 0), 0);
