import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { CheckmarkCircleRegular, ErrorCircleRegular, SubtractCircleRegular } from "@fluentui/react-icons";

import type { Overview } from "./overview";
import { Panel } from "./Panel";

const PART_NAMES: Record<string, string> = {
  storage: "Storage",
  gemini: "Google Gemini",
  jira: "Jira",
  slack: "Slack",
  live_updates: "Live updates (SignalR)",
  databricks_api: "Databricks API",
  data_factory_api: "Data Factory API",
  airflow_api: "Airflow API",
};

const STATES = {
  down: { text: "Down", icon: <ErrorCircleRegular aria-hidden /> },
  ok: { text: "OK", icon: <CheckmarkCircleRegular aria-hidden /> },
  off: { text: "Off", icon: <SubtractCircleRegular aria-hidden /> },
} as const;
const WORST_FIRST = Object.keys(STATES);

const useStyles = makeStyles({
  rows: { listStyleType: "none", margin: 0, padding: 0 },
  row: { display: "flex", gap: "12px", padding: "6px 0", borderBottom: `1px solid ${tokens.colorNeutralStroke3}` },
  state: { display: "flex", gap: "4px", alignItems: "center", flex: "0 0 60px", height: tokens.lineHeightBase300, fontWeight: tokens.fontWeightSemibold },
  ok: { color: tokens.colorStatusSuccessForeground1 },
  off: { color: tokens.colorNeutralForeground2 },
  down: { color: tokens.colorStatusDangerForeground1 },
  part: { minWidth: 0, overflowWrap: "anywhere" },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
});

/** Each part of the app: on, off for want of a setting, or down; and why. */
export function Health({ health }: { health: Overview["health"] }) {
  const styles = useStyles();
  const parts = Object.entries(health.parts).sort(([, a], [, b]) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b));
  const down = parts.filter(([, state]) => state === "down").map(([part]) => PART_NAMES[part] ?? part);
  return (
    <Panel title="Integrations" summary={down.length ? `Down: ${down.join(", ")}.` : "Nothing is known to be down."}>
      <ul className={styles.rows}>
        {parts.map(([part, state]) => (
          <li key={part} className={styles.row}>
            <span className={mergeClasses(styles.state, styles[state])}>
              {STATES[state].icon}
              {STATES[state].text}
            </span>
            <div className={styles.part}>
              {PART_NAMES[part] ?? part}
              {health.notes[part] && <div className={styles.note}>{health.notes[part]}</div>}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
