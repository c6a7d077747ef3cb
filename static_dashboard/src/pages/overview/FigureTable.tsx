import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  scroller: { maxHeight: "420px", overflow: "auto", "@media print": { maxHeight: "none", overflow: "visible" } },
  table: { width: "100%", borderCollapse: "collapse", fontSize: tokens.fontSizeBase300 },
  cell: {
    padding: "6px 8px 6px 0",
    textAlign: "left",
    verticalAlign: "top",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    fontWeight: tokens.fontWeightRegular,
    overflowWrap: "anywhere",
  },
  head: {
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: "normal",
  },
  number: { textAlign: "right", whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums", paddingRight: 0, paddingLeft: "8px" },
});

interface Props {
  caption: string;
  /** The first names the rows, the others head columns of figures. */
  columns: string[];
  rows: { key: string; cells: ReactNode[] }[];
  /** Scrolls within itself: for the many rows behind a chart. */
  long?: boolean;
}

/** Figures as a table: what they are about on the left, numbers on the right. */
export function FigureTable({ caption, columns, rows, long = false }: Props) {
  const styles = useStyles();
  const table = (
    <table className={styles.table} aria-label={caption}>
      <thead>
        <tr>
          {columns.map((column, index) => (
            <th key={column} scope="col" className={mergeClasses(styles.cell, styles.head, index > 0 && styles.number)}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells: [name, ...figures] }) => (
          <tr key={key}>
            <th scope="row" className={styles.cell}>
              {name}
            </th>
            {figures.map((figure, index) => (
              <td key={columns[index + 1]} className={mergeClasses(styles.cell, styles.number)}>
                {figure}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  // What scrolls must be reachable by keyboard.
  return long ? (
    <div className={styles.scroller} tabIndex={0} role="group" aria-label={caption}>
      {table}
    </div>
  ) : (
    table
  );
}
