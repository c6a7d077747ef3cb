import { makeStyles, tokens } from "@fluentui/react-components";

const NARROW = "@media (max-width: 760px)";

/** On a wide screen a table; on a narrow one each row is a small card of three lines. */
export const useTableStyles = makeStyles({
  table: {
    width: "100%",
    // The list keeps what is read in its place by itself; the browser's own way would do it twice.
    overflowAnchor: "none",
    tableLayout: "fixed",
    borderCollapse: "collapse",
    backgroundColor: tokens.colorNeutralBackground1,
    fontSize: tokens.fontSizeBase300,
    [NARROW]: { display: "block" },
  },
  head: { position: "sticky", top: "48px", zIndex: 5, backgroundColor: tokens.colorNeutralBackground1, [NARROW]: { display: "none" }, "@media print": { position: "static" } },
  headCell: {
    textAlign: "left",
    padding: "8px",
    fontWeight: tokens.fontWeightSemibold,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    boxShadow: `inset 0 -1px 0 ${tokens.colorNeutralStroke1}`,
    whiteSpace: "nowrap",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  headButton: {
    padding: 0,
    border: "none",
    backgroundColor: "transparent",
    color: "inherit",
    font: "inherit",
    cursor: "pointer",
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  body: { [NARROW]: { display: "block" } },
  row: {
    height: "40px",
    cursor: "pointer",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    ":hover": { backgroundColor: tokens.colorNeutralBackground1Hover },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
    [NARROW]: {
      display: "grid",
      boxSizing: "border-box",
      height: "92px",
      padding: "8px",
      gridTemplateColumns: "auto 1fr auto",
      gridTemplateRows: "24px 1fr 18px",
      gridTemplateAreas: `"severity sla when" "title title title" "source pipeline team"`,
      columnGap: "8px",
      alignItems: "center",
      overflow: "hidden",
    },
  },
  selected: { backgroundColor: tokens.colorNeutralBackground1Selected },
  cell: {
    padding: "0 8px",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    [NARROW]: {
      display: "none",
      padding: 0,
      minWidth: 0,
      "&[data-column=severity]": { display: "block", gridArea: "severity" },
      "&[data-column=sla]": { display: "block", gridArea: "sla" },
      "&[data-column=when]": { display: "block", gridArea: "when", color: tokens.colorNeutralForeground2 },
      "&[data-column=title]": {
        display: "-webkit-box",
        WebkitLineClamp: 2,
        // What cuts a text after two lines in every browser still needs the old name.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        WebkitBoxOrient: "vertical",
        gridArea: "title",
        whiteSpace: "normal",
        overflowWrap: "anywhere",
        lineHeight: "17px",
        fontWeight: tokens.fontWeightSemibold,
      },
      "&[data-column=source]": { display: "block", gridArea: "source", fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
      "&[data-column=pipeline]": { display: "block", gridArea: "pipeline", fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
      "&[data-column=team]": { display: "block", gridArea: "team", fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
    },
  },
});
