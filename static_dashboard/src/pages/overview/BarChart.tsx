import { makeStyles, type Theme } from "@fluentui/react-components";
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip, type ChartData, type ChartOptions } from "chart.js";
import { useEffect, useRef } from "react";

import { useTheme } from "../../app/theme";
import { chartTheme } from "./seriesFills";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

export interface Series {
  name: string;
  values: number[];
  look: (theme: Theme) => { fill: string | CanvasPattern; colour: string };
}

interface Props {
  /** What somebody hears who does not see it. */
  label: string;
  /** One bar each; of several series stacked. */
  bars: string[];
  series: Series[];
  height: number;
  /** A line of bars without axes, to be compared with others: `most` is the full height of all of them. */
  spark?: { most: number };
}

const useStyles = makeStyles({
  // Chart.js follows the size of the box around the canvas, which must have no other content.
  box: { position: "relative", width: "100%", minWidth: 0 },
  canvas: { "@media print": { width: "100% !important", height: "auto !important" } },
});

/** Bars, drawn by Chart.js. It resizes with the page, follows the theme, and does not move. */
export function BarChart({ label, bars, series, height, spark }: Props) {
  const styles = useStyles();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"bar", number[], string>>(undefined);
  const theme = chartTheme(useTheme().dark);

  useEffect(() => {
    if (!canvas.current) return;
    const drawn = new Chart<"bar", number[], string>(canvas.current, { type: "bar", data: { labels: [], datasets: [] } });
    chart.current = drawn;
    return () => drawn.destroy();
  }, []);

  const most = spark?.most;
  useEffect(() => {
    if (!chart.current) return;
    chart.current.data = dataOf(bars, series, theme);
    chart.current.options = optionsFor(theme, series.length > 1, most);
    chart.current.update("none");
  }, [bars, series, theme, most]);

  return (
    <div className={styles.box} style={{ height }}>
      <canvas ref={canvas} className={styles.canvas} role="img" aria-label={label} />
    </div>
  );
}

function dataOf(bars: string[], series: Series[], theme: Theme): ChartData<"bar", number[], string> {
  return {
    labels: bars,
    datasets: series.map(({ name, values, look }) => {
      const { fill, colour } = look(theme);
      return { label: name, data: values, backgroundColor: fill, borderColor: colour, borderWidth: 1, borderSkipped: false };
    }),
  };
}

function optionsFor(theme: Theme, legend: boolean, sparkMost: number | undefined): ChartOptions<"bar"> {
  const words = { color: theme.colorNeutralForeground2, font: { family: theme.fontFamilyBase, size: 12 } };
  const spark = sparkMost !== undefined;
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    // Bars of neighbouring days do not touch, unless there are so many that they would vanish.
    datasets: { bar: { categoryPercentage: 0.9, barPercentage: 0.9, maxBarThickness: 48 } },
    scales: {
      x: {
        stacked: true,
        display: !spark,
        grid: { display: false },
        border: { color: theme.colorNeutralStroke1 },
        ticks: { ...words, maxRotation: 0, autoSkipPadding: 12 },
      },
      y: {
        stacked: true,
        display: !spark,
        beginAtZero: true,
        ...(spark && { max: Math.max(1, sparkMost) }),
        grid: { color: theme.colorNeutralStroke3 },
        border: { display: false },
        // Failures come whole.
        ticks: { ...words, precision: 0, maxTicksLimit: 6 },
      },
    },
    plugins: {
      legend: {
        display: legend,
        position: "bottom",
        // It explains; it is no control, since a keyboard could not reach it.
        onClick: () => undefined,
        labels: { ...words, boxWidth: 14, boxHeight: 14 },
      },
      tooltip: {
        displayColors: legend,
        filter: ({ parsed }) => !legend || parsed.y !== 0,
        backgroundColor: theme.colorNeutralBackgroundInverted,
        titleColor: theme.colorNeutralForegroundInverted,
        bodyColor: theme.colorNeutralForegroundInverted,
        titleFont: words.font,
        bodyFont: words.font,
      },
    },
  };
}
