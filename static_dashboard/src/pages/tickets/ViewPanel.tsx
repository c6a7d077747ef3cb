import { Button, Checkbox, makeStyles, Select, tokens } from "@fluentui/react-components";

import { addressOf } from "../../api/client";
import type { ChosenColumns } from "./chosenColumns";
import { columns, FIXED_COLUMNS } from "./columns";
import { NEWEST_FIRST, queryFor, type ListAddress } from "./filters";

const useStyles = makeStyles({
  panel: {
    position: "absolute",
    right: 0,
    top: "calc(100% + 4px)",
    zIndex: 6,
    width: "240px",
    maxWidth: "calc(100vw - 32px)",
    maxHeight: "70vh",
    overflowY: "auto",
    padding: "12px",
    boxSizing: "border-box",
    display: "flex",
    flexDirection: "column",
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    boxShadow: tokens.shadow16,
  },
});

/** How the list is sorted and which columns it has; its rows as a file. */
export default function ViewPanel({ address, chosen }: { address: ListAddress; chosen: ChosenColumns }) {
  const styles = useStyles();
  const asked = new URLSearchParams(queryFor(address.filters) as Record<string, string>).toString();
  return (
    <div className={styles.panel}>
      <Select aria-label="Sort by" value={address.sort || NEWEST_FIRST} onChange={(_, { value }) => address.change({ sort: value })}>
        <option value={NEWEST_FIRST}>Newest first</option>
        <option value="when">Oldest first</option>
        <option value="severity">Worst first</option>
        <option value="sla">Due first</option>
        {columns
          .filter(({ id }) => !["when", "severity", "sla"].includes(id ?? ""))
          .map((column) => (
            <option key={column.id} value={column.id}>
              By {String(column.header).toLowerCase()}
            </option>
          ))}
      </Select>
      {columns
        .filter((column) => !FIXED_COLUMNS.includes(column.id ?? ""))
        .map(({ id = "", header }) => (
          <Checkbox key={id} label={String(header)} checked={chosen.columns.includes(id)} onChange={() => chosen.toggle(id)} />
        ))}
      <Button size="small" appearance="subtle" onClick={chosen.reset}>
        Usual columns
      </Button>
      <Button size="small" as="a" href={addressOf(`/api/export/tickets.csv?${asked}`)} download>
        Download as CSV
      </Button>
    </div>
  );
}
