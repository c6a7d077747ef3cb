import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { CopyButton } from "../../shared/CopyButton";
import { count } from "../../shared/format";
import { Time } from "../../shared/Time";
import { Section } from "../../shared/Section";
import { useLook } from "./look";
import { Outside } from "./Outside";
import type { Ticket } from "./ticketQuery";

const useStyles = makeStyles({
  facts: { display: "grid", gridTemplateColumns: "minmax(96px, max-content) minmax(0, 1fr)", gap: "6px 12px", margin: 0 },
  name: { color: tokens.colorNeutralForeground2, overflowWrap: "anywhere", maxWidth: "160px" },
  value: { margin: 0, minWidth: 0, overflowWrap: "anywhere" },
  withCopy: { display: "flex", alignItems: "flex-start", gap: "2px" },
  fold: { marginTop: "10px" },
  foldTitle: { cursor: "pointer", padding: "2px 0", fontWeight: tokens.fontWeightSemibold },
});

/** What failed: pipeline, run, and what else the sender told of it. */
export function Facts({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const further = ticket.runs.filter((run) => run !== ticket.run_id);
  const entity = Object.entries(ticket.affected_entity);
  const labels = Object.entries(ticket.labels);
  const masked = Object.entries(ticket.redactions);
  return (
    <Section title="What failed">
      <dl className={styles.facts}>
        <Fact name="Pipeline">
          <Copied text={ticket.pipeline} what="the pipeline's name" />
        </Fact>
        <Fact name="Run">{ticket.run_id ? <Copied text={ticket.run_id} what="the run's id" mono /> : "none was told"}</Fact>
        {ticket.occurred_at && (
          <Fact name="Happened">
            <Time at={ticket.occurred_at} long />
          </Fact>
        )}
        <Fact name="Heard of">
          <Time at={ticket.timestamp} long />
        </Fact>
        <Fact name="Acknowledge by">
          <Time at={ticket.sla_due} long />
        </Fact>
        <Fact name="Severity">
          {ticket.severity}: <Outside text={ticket.severity_reason} most={300} />
        </Fact>
        {masked.length > 0 && (
          <Fact name="Masked">{masked.map(([kind, times]) => `${kind.replaceAll("_", " ")}: ${count(times)}`).join(", ")}</Fact>
        )}
      </dl>
      <Fold title={`Further runs (${count(further.length)})`} shown={further.length > 0}>
        {further.slice(0, MOST).map((run) => (
          <Copied key={run} text={run} what="the run's id" mono />
        ))}
        {further.length > MOST && <div>and {count(further.length - MOST)} more.</div>}
      </Fold>
      <Fold title={`Affected (${count(entity.length)})`} shown={entity.length > 0}>
        <Pairs pairs={entity.map(([name, value]) => [name, inWords(value)])} />
      </Fold>
      <Fold title={`Labels (${count(labels.length)})`} shown={labels.length > 0}>
        <Pairs pairs={labels} />
      </Fold>
    </Section>
  );
}

/** Who looks after it, and what decided that. */
export function Owner({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  return (
    <Section title="Owner">
      <dl className={styles.facts}>
        <Fact name="Team">
          <Outside text={ticket.finops_team} most={200} />
        </Fact>
        <Fact name="Owner">
          <Outside text={ticket.finops_owner} most={200} />
        </Fact>
        <Fact name="Cost center">
          <Outside text={ticket.finops_cost_center} most={200} />
        </Fact>
        <Fact name="Decided by">
          <Outside text={ticket.owner_reason ?? "nothing: no rule and no label names an owner"} most={400} />
        </Fact>
      </dl>
    </Section>
  );
}

const MOST = 100;

function Pairs({ pairs }: { pairs: (readonly [string, string])[] }) {
  const styles = useStyles();
  return (
    <>
      <dl className={styles.facts}>
        {pairs.slice(0, MOST).map(([name, value]) => (
          <Fact key={name} name={<Outside text={name} most={100} />}>
            <Outside text={value} most={400} />
          </Fact>
        ))}
      </dl>
      {pairs.length > MOST && <div>and {count(pairs.length - MOST)} more, in the payload.</div>}
    </>
  );
}

function Fold({ title, shown, children }: { title: string; shown: boolean; children: ReactNode }) {
  const styles = useStyles();
  const look = useLook();
  if (!shown) return null;
  return (
    <details className={styles.fold} data-no-print>
      <summary className={styles.foldTitle}>{title}</summary>
      <div className={look.column}>{children}</div>
    </details>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  return (
    <>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </>
  );
}

function Copied({ text, what, mono = false }: { text: string; what: string; mono?: boolean }) {
  const styles = useStyles();
  return (
    <span className={styles.withCopy}>
      <span>
        <Outside text={text} mono={mono} most={300} />
      </span>
      <span data-no-print>
        <CopyButton text={text} what={what} />
      </span>
    </span>
  );
}

const inWords = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
