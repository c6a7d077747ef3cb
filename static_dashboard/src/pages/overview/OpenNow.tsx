import { makeStyles, tokens } from "@fluentui/react-components";
import { Link } from "wouter";

import { count } from "../../shared/format";
import { Severity, SEVERITIES } from "../../shared/severity";
import { ticketsLink } from "./links";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { counted } from "./words";

const useStyles = makeStyles({
  tiles: { display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(110px, 1fr))", gap: "8px" },
  tile: {
    display: "flex",
    flexDirection: "column",
    alignItems: "flex-start",
    gap: "4px",
    padding: "12px",
    color: tokens.colorNeutralForeground1,
    textDecorationLine: "none",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    ":hover": { backgroundColor: tokens.colorNeutralBackground1Hover },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  number: { fontSize: tokens.fontSizeHero800, lineHeight: tokens.lineHeightHero800, fontWeight: tokens.fontWeightSemibold, fontVariantNumeric: "tabular-nums" },
});

/** How many tickets nobody has acknowledged yet, by severity: over all tickets, whatever the window. */
export function OpenNow({ figures }: { figures: Overview }) {
  const styles = useStyles();
  const open = figures.by_status["open"] ?? 0;
  const inProgress = figures.by_status["in_progress"] ?? 0;
  return (
    <Panel
      title="Not acknowledged now"
      summary={
        open + inProgress === 0
          ? "Every ticket is acknowledged."
          : `${counted(open + inProgress, "ticket")} of any age: ${count(open)} open, ${count(inProgress)} in progress.`
      }
      wide
    >
      <div className={styles.tiles}>
        {SEVERITIES.map((severity) => (
          <Link key={severity} href={ticketsLink({ status: "unresolved", severity })} className={styles.tile}>
            <span className={styles.number}>{count(figures.open_by_severity[severity] ?? 0)}</span>
            <Severity value={severity} />
          </Link>
        ))}
      </div>
    </Panel>
  );
}
