import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { Link } from "wouter";

import { Empty, Failed, Loading } from "../../shared/states";
import { Time } from "../../shared/Time";
import { useTitle } from "../../shared/title";
import { CategoriesByDay } from "./CategoriesByDay";
import { DeadLetters } from "./DeadLetters";
import { Engines } from "./Engines";
import { FailuresByDay } from "./FailuresByDay";
import { Health } from "./Health";
import { OpenNow } from "./OpenNow";
import { useOverview, useWindow, WINDOWS, type Overview, type Window } from "./overview";
import { AcknowledgeTimes, SlaShare } from "./Promises";
import { Owners, TopPipelines } from "./Ranking";

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", gap: "4px 16px", alignItems: "center", marginBottom: "12px" },
  title: { margin: 0, fontSize: tokens.fontSizeBase600, lineHeight: tokens.lineHeightBase600, fontWeight: tokens.fontWeightSemibold },
  windows: { display: "flex", gap: "4px" },
  window: {
    padding: "8px 12px",
    color: tokens.colorNeutralForeground2,
    textDecorationLine: "none",
    borderBottom: "2px solid transparent",
    ":hover": { color: tokens.colorNeutralForeground1 },
  },
  chosen: { color: tokens.colorNeutralForeground1, borderBottomColor: tokens.colorBrandStroke1, fontWeight: tokens.fontWeightSemibold },
  asOf: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  grid: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 380px), 1fr))",
    gap: "16px",
    marginTop: "12px",
    "@media (max-width: 640px)": { gap: "8px" },
  },
  former: { opacity: 0.5 },
});

/** How things stand, and how the last days went. */
export default function OverviewPage() {
  const styles = useStyles();
  const days = useWindow();
  const overview = useOverview(days);
  useTitle("Overview");
  return (
    <>
      <div className={styles.head}>
        <h1 className={styles.title}>Overview</h1>
        <Windows chosen={days} />
        {overview.data && (
          <span className={styles.asOf}>
            {overview.data.since} to {overview.data.until}; days are dates in UTC, the last one is not over. As of{" "}
            <Time at={new Date(overview.dataUpdatedAt).toISOString()} />.
          </span>
        )}
      </div>
      {overview.isError && (
        <Failed what={overview.data ? "Newer figures" : "The overview"} error={overview.error} retry={() => void overview.refetch()} />
      )}
      {overview.isPending &&
        (overview.fetchStatus === "paused" ? <Empty title="Without a network there is no overview yet" /> : <Loading what="the overview" />)}
      {overview.data && (
        <div aria-busy={overview.isPlaceholderData} className={mergeClasses(overview.isPlaceholderData && styles.former)}>
          <Figures figures={overview.data} />
        </div>
      )}
    </>
  );
}

function Windows({ chosen }: { chosen: Window }) {
  const styles = useStyles();
  return (
    <nav className={styles.windows} aria-label="Time">
      {WINDOWS.map((days) => (
        <Link
          key={days}
          href={`/overview?days=${days}`}
          className={mergeClasses(styles.window, days === chosen && styles.chosen)}
          aria-current={days === chosen ? "true" : undefined}
        >
          {days} days
        </Link>
      ))}
    </nav>
  );
}

function Figures({ figures }: { figures: Overview }) {
  const styles = useStyles();
  const anyAtAll = Object.values(figures.by_status).some((found) => found > 0);
  return (
    <>
      {!anyAtAll && (
        <Empty title="No failure was reported yet">
          <Text>Connect Azure Monitor, Databricks or Airflow: docs/senders.md says how. Figures show with the first failure.</Text>
        </Empty>
      )}
      <div className={styles.grid}>
        {anyAtAll && (
          <>
            <OpenNow figures={figures} />
            <SlaShare sla={figures.sla} />
            <AcknowledgeTimes times={figures.time_to_acknowledge} />
            <Engines engines={figures.engines} />
            <FailuresByDay figures={figures} />
            <CategoriesByDay figures={figures} />
            <TopPipelines figures={figures} />
            <Owners title="By team" one="team" owners={figures.teams} leftOut={figures.names_left_out.teams} linked />
            <Owners title="By cost center" one="cost center" owners={figures.cost_centers} leftOut={figures.names_left_out.cost_centers} />
          </>
        )}
        <DeadLetters letters={figures.dead_letters} />
        <Health health={figures.health} />
      </div>
    </>
  );
}
