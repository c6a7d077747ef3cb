import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const NARROW = "@media (max-width: 760px)";

const useStyles = makeStyles({
  table: { width: "100%", borderCollapse: "collapse", fontSize: tokens.fontSizeBase300, [NARROW]: { display: "block" } },
  head: { [NARROW]: { display: "none" } },
  body: { [NARROW]: { display: "block" } },
  title: {
    padding: "6px 8px",
    textAlign: "left",
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  row: {
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    ":last-child": { borderBottom: "none" },
    [NARROW]: { display: "block", padding: "8px 0" },
  },
  cell: {
    padding: "8px",
    verticalAlign: "top",
    overflowWrap: "anywhere",
    // On a narrow screen each row is a card, and each cell says what it is.
    [NARROW]: {
      display: "grid",
      gridTemplateColumns: "110px minmax(0, 1fr)",
      gap: "8px",
      padding: "3px 0",
      ":has(> div:empty)": { display: "none" },
      "::before": { content: "attr(data-title)", color: tokens.colorNeutralForeground2 },
    },
  },
});

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** Of the column, where there are columns. */
  minWidth?: string;
}

/** A table of a few rows, on a narrow screen a card each. */
export function SmallTable<Row>(props: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}) {
  const styles = useStyles();
  return (
    <table className={styles.table} role="table" aria-label={props.label}>
      <thead className={styles.head} role="rowgroup">
        <tr role="row">
          {props.columns.map(({ title, minWidth }) => (
            <th key={title} role="columnheader" scope="col" className={styles.title} style={{ minWidth }}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className={styles.body} role="rowgroup">
        {props.rows.map((row) => (
          <tr key={props.rowKey(row)} role="row" className={styles.row}>
            {props.columns.map(({ title, cell }) => (
              <td key={title} role="cell" data-title={title} className={styles.cell}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
