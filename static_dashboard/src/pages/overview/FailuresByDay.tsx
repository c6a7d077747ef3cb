import { useMemo } from "react";

import { count } from "../../shared/format";
import { SEVERITIES } from "../../shared/severity";
import { BarChart, type Series } from "./BarChart";
import { Behind } from "./Behind";
import { FigureTable } from "./FigureTable";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { severityFill } from "./seriesFills";
import { counted, dayName } from "./words";

const TITLE = "Failures a day";

/** Tickets made on each day, by severity, the worst at the bottom where bars can be compared. */
export function FailuresByDay({ figures }: { figures: Overview }) {
  const { days } = figures;
  const bars = useMemo(() => days.map(({ date }) => dayName(date)), [days]);
  const series = useMemo(
    () =>
      SEVERITIES.map(
        (severity): Series => ({
          name: severity,
          values: days.map((day) => day.by_severity[severity] ?? 0),
          look: (theme) => severityFill(severity, theme),
        }),
      ),
    [days],
  );
  const summary = inWords(figures);
  return (
    <Panel title={TITLE} summary={summary} wide>
      <BarChart label={`${TITLE}, stacked by severity. ${summary}`} bars={bars} series={series} height={260} />
      <Behind what={TITLE}>
        <FigureTable
          long
          caption={TITLE}
          columns={["Day (UTC)", "Failures", ...SEVERITIES, "Acknowledged"]}
          rows={days.toReversed().map((day) => ({
            key: day.date,
            cells: [day.date, count(day.failures), ...SEVERITIES.map((one) => count(day.by_severity[one] ?? 0)), count(day.resolved)],
          }))}
        />
      </Behind>
    </Panel>
  );
}

function inWords({ days, failures }: Overview): string {
  const acknowledged = days.reduce((sum, day) => sum + day.resolved, 0);
  if (failures === 0) return `No failure in these ${days.length} days; ${counted(acknowledged, "ticket")} acknowledged.`;
  const worst = days.reduce((most, day) => (day.failures > most.failures ? day : most));
  const mean = (failures / days.length).toLocaleString(undefined, { maximumFractionDigits: 1 });
  return (
    `${counted(failures, "failure")} in ${days.length} days, ${mean} a day; most on ${dayName(worst.date)}: ${count(worst.failures)}. ` +
    `${counted(acknowledged, "ticket")} acknowledged.`
  );
}
