import { Button, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useId } from "react";

import { addressOf, type Schema } from "../../api/client";
import { usePerson } from "../../app/session";
import { localZone } from "../../shared/format";
import { WholeValueInput } from "../../shared/WholeValueInput";
import { asLocal, asMoment, type TrailAddress } from "./filters";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, padding: "12px 0", alignItems: "flex-end" },
  field: { display: "flex", flexDirection: "column", gap: "2px", flex: "1 1 150px", maxWidth: "280px", minWidth: 0, "@media (max-width: 640px)": { maxWidth: "none" } },
  // A date with its time does not fit into half of a phone.
  time: { flexBasis: "200px" },
  input: { minWidth: 0 },
  label: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  download: { marginLeft: "auto" },
});

export function FilterBar({ address }: { address: TrailAddress }) {
  const styles = useStyles();
  const { filters, change, clear } = address;
  const { name } = usePerson();
  const seen = useSeen();
  const asked = new URLSearchParams(filters).toString();
  return (
    <search className={styles.bar} data-no-print>
      <Field label="Action" value={filters.action} change={(action) => change({ action })} suggestions={seen.actions} />
      <Field label="Who" value={filters.user} change={(user) => change({ user })} suggestions={[...new Set([name, ...seen.users])]} />
      <Field label="Ticket" value={filters.ticket_id} change={(id) => change({ ticket_id: id })} />
      <Field label={`From (${localZone})`} type="datetime-local" value={asLocal(filters.from)} change={(from) => change({ from: asMoment(from) })} />
      <Field label={`Before (${localZone})`} type="datetime-local" value={asLocal(filters.to)} change={(to) => change({ to: asMoment(to) })} />
      {asked && (
        <Button appearance="subtle" onClick={clear}>
          Clear
        </Button>
      )}
      <Button as="a" className={styles.download} href={addressOf(`/api/export/audit.csv?${asked}`)} download title="At most 20,000 entries a file">
        Download as CSV
      </Button>
    </search>
  );
}

interface FieldProps {
  label: string;
  value: string | undefined;
  change: (value: string) => void;
  type?: "search" | "datetime-local";
  suggestions?: string[];
}

function Field({ label, value = "", type = "search", ...input }: FieldProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <div className={mergeClasses(styles.field, type === "datetime-local" && styles.time)}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <WholeValueInput {...input} id={id} className={styles.input} type={type} value={value} placeholder={type === "search" ? "all" : undefined} />
    </div>
  );
}

/** The actions and people of all entries read so far, whatever the filters were: so nothing is offered that is not there. */
function useSeen(): { actions: string[]; users: string[] } {
  const read = useQueryClient().getQueriesData<InfiniteData<Schema["AuditPage"]>>({ queryKey: ["audit"] });
  const entries = read.flatMap(([, data]) => data?.pages.flatMap((page) => page.items) ?? []);
  return {
    actions: [...new Set(entries.map(({ action }) => action))].sort(),
    users: [...new Set(entries.map(({ user }) => user))].sort(),
  };
}
