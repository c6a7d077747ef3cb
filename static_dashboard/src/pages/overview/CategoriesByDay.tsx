import { makeStyles, tokens } from "@fluentui/react-components";
import { useMemo } from "react";
import { Link } from "wouter";

import { categoryName, count, percent } from "../../shared/format";
import { BarChart, type Series } from "./BarChart";
import { Behind } from "./Behind";
import { FigureTable } from "./FigureTable";
import { ticketsLink } from "./links";
import type { Overview } from "./overview";
import { Panel } from "./Panel";
import { dayName } from "./words";

const TITLE = "Categories over time";

const useStyles = makeStyles({
  row: {
    display: "grid",
    gridTemplateColumns: "180px 1fr 64px",
    gap: "2px 12px",
    alignItems: "center",
    padding: "4px 0",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    "@media (max-width: 640px)": { gridTemplateColumns: "1fr auto", "& > :nth-child(2)": { gridColumn: "1 / -1", gridRow: 2 } },
  },
  rows: { listStyleType: "none", margin: 0, padding: 0 },
  number: { textAlign: "right", fontVariantNumeric: "tabular-nums" },
  link: { color: tokens.colorNeutralForeground1 },
  span: {
    display: "flex",
    justifyContent: "space-between",
    margin: "4px 76px 0 192px",
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    "@media (max-width: 640px)": { margin: "4px 0 0" },
  },
});

/** One line of bars for each category, all of one scale: nine colours on top of each other could not be told apart. */
export function CategoriesByDay({ figures }: { figures: Overview }) {
  const styles = useStyles();
  const { days, by_error_type: totals } = figures;
  const categories = useMemo(() => Object.keys(totals).sort((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0)), [totals]);
  const bars = useMemo(() => days.map(({ date }) => dayName(date)), [days]);
  const most = useMemo(() => Math.max(...days.flatMap((day) => Object.values(day.by_error_type)), 0), [days]);
  const [first] = categories;
  if (!first) return <Panel title={TITLE} summary="No failure in these days." wide children={null} />;
  return (
    <Panel
      title={TITLE}
      summary={`Most: ${categoryName(first)}, ${percent((totals[first] ?? 0) / figures.failures)} of all. Each line has the same scale, up to ${count(most)} a day.`}
      wide
    >
      <ul className={styles.rows}>
        {categories.map((category) => (
          <li key={category} className={styles.row}>
            <Link href={ticketsLink({ status: "all", error_type: category })} className={styles.link}>
              {categoryName(category)}
            </Link>
            <Line category={category} days={days} bars={bars} most={most} />
            <span className={styles.number}>{count(totals[category] ?? 0)}</span>
          </li>
        ))}
      </ul>
      <div className={styles.span} aria-hidden>
        <span>{bars[0]}</span>
        <span>{bars.at(-1)}</span>
      </div>
      <Behind what={TITLE}>
        <FigureTable
          long
          caption={TITLE}
          columns={["Day (UTC)", ...categories.map(categoryName)]}
          rows={days.toReversed().map((day) => ({
            key: day.date,
            cells: [day.date, ...categories.map((category) => count(day.by_error_type[category] ?? 0))],
          }))}
        />
      </Behind>
    </Panel>
  );
}

function Line(props: { category: string; days: Overview["days"]; bars: string[]; most: number }) {
  const { category, days, bars, most } = props;
  const series = useMemo(
    (): Series[] => [
      {
        name: categoryName(category),
        values: days.map((day) => day.by_error_type[category] ?? 0),
        look: (theme) => ({ fill: theme.colorCompoundBrandStroke, colour: theme.colorCompoundBrandStroke }),
      },
    ],
    [category, days],
  );
  const on = days.filter((day) => day.by_error_type[category]);
  const last = on.at(-1);
  const label = `${categoryName(category)}: on ${on.length} of ${days.length} days${last ? `, last on ${dayName(last.date)}` : ""}.`;
  const spark = useMemo(() => ({ most }), [most]);
  return <BarChart label={label} bars={bars} series={series} height={36} spark={spark} />;
}
