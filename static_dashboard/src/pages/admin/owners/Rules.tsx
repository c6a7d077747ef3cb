import { Button, makeStyles, useRestoreFocusTarget } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { useLook } from "../../../shared/look";
import { Section } from "../../../shared/Section";
import { SmallTable, type Column } from "../../../shared/SmallTable";
import { Failed, Loading } from "../../../shared/states";
import { Time } from "../../../shared/Time";
import { rulesQuery, sourceOrAny, type Rule } from "./ownerQueries";

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: "4px" },
});

interface Props {
  add: () => void;
  edit: (rule: Rule) => void;
  remove: (rule: Rule) => void;
}

/** The ownership table, in the order in which its rules are tried. */
export function Rules({ add, edit, remove }: Props) {
  const look = useLook();
  const focusBack = useRestoreFocusTarget();
  const list = useQuery(rulesQuery);
  const columns: Column<Rule>[] = [
    { title: "Pattern", cell: ({ pattern }) => <bdi>{pattern}</bdi> },
    { title: "Source", cell: ({ source }) => sourceOrAny(source) },
    { title: "Team", cell: ({ team }) => team && <bdi>{team}</bdi> },
    { title: "Owner", cell: ({ owner }) => owner && <bdi>{owner}</bdi> },
    { title: "Cost center", cell: ({ cost_center }) => cost_center && <bdi>{cost_center}</bdi> },
    { title: "Note", cell: ({ note }) => note && <bdi>{note}</bdi> },
    { title: "Changed", cell: ({ updated, updated_by }) => <><Time at={updated} /> by <bdi>{updated_by}</bdi></> },
    { title: "Action", cell: (rule) => <Actions rule={rule} edit={edit} remove={remove} /> },
  ];
  return (
    <Section
      title="Rules"
      actions={
        <Button onClick={add} {...focusBack}>
          Add a rule
        </Button>
      }
    >
      <p className={look.paragraph}>
        The rule that names a pipeline most exactly decides; it stands higher. What it leaves open, labels of the report may say.
      </p>
      {list.isPending && <Loading what="rules" />}
      {list.isError && <Failed what="The rules" error={list.error} retry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <span className={look.quiet}>There is none yet.</span>}
      {list.data && list.data.items.length > 0 && (
        <SmallTable label="Rules" columns={columns} rows={list.data.items} rowKey={({ id }) => id} />
      )}
    </Section>
  );
}

function Actions({ rule, edit, remove }: { rule: Rule } & Omit<Props, "add">) {
  const styles = useStyles();
  const focusBack = useRestoreFocusTarget();
  return (
    <div className={styles.actions}>
      <Button size="small" aria-label={`Edit ${rule.pattern}`} onClick={() => edit(rule)} {...focusBack}>
        Edit
      </Button>
      <Button size="small" aria-label={`Remove ${rule.pattern}`} onClick={() => remove(rule)} {...focusBack}>
        Remove
      </Button>
    </div>
  );
}
