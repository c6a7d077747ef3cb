import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from "@fluentui/react-components";
import { useEffect, useRef } from "react";

import type { Schema } from "../../../api/client";
import { count, sourceName } from "../../../shared/format";
import { useLook } from "../../../shared/look";
import { Section } from "../../../shared/Section";

type Report = Schema["SampleReport"];

const useStyles = makeStyles({
  facts: { display: "grid", gridTemplateColumns: "auto minmax(0, 1fr)", gap: "2px 16px", margin: 0, "& dd": { margin: 0, overflowWrap: "anywhere" } },
  text: {
    margin: 0,
    padding: "8px",
    maxHeight: "320px",
    overflow: "auto",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

/** What would happen to what was tested, and how it arrived. */
export function SampleResult({ report }: { report: Report }) {
  const look = useLook();
  const styles = useStyles();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    bar.current?.scrollIntoView({ block: "nearest" });
  }, [report]);
  return (
    <Section title="What would happen">
      <div ref={bar}>
        <Verdict report={report} />
      </div>
      {report.events.map((event, index) => (
        <OneEvent key={index} event={event} />
      ))}
      <p className={look.paragraph}>
        <b>Proof of the sender:</b> {report.proof_detail}
      </p>
      <details>
        <summary>What arrived: {count(report.size)} bytes, secrets masked</summary>
        <pre className={styles.text} dir="auto" tabIndex={0}>
          {report.arrived}
        </pre>
      </details>
    </Section>
  );
}

/** The answer that the sender would get. */
function Verdict({ report: { status, detail, field, events } }: { report: Report }) {
  const tickets = events.filter(({ outcome }) => outcome === "ticket").length;
  const refused = status >= 400;
  const title = refused
    ? `Refused with ${status}`
    : tickets
      ? `Accepted (${status}): ${tickets === 1 ? "it would become a ticket" : `${count(tickets)} failures would become tickets`}`
      : `Heard (${status}), and no ticket would be made`;
  return (
    <MessageBar intent={refused ? "error" : tickets ? "success" : "info"} layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {detail} {field && <span>Field: {field}</span>}
      </MessageBarBody>
    </MessageBar>
  );
}

function OneEvent({ event: { reason, failure } }: { event: Schema["SampleEvent"] }) {
  const styles = useStyles();
  if (!failure) return <div>Ignored: {reason}</div>;
  const facts: [string, string | null | undefined][] = [
    ["Title", failure.title],
    ["Source", sourceName(failure.source)],
    ["Pipeline", failure.pipeline],
    ["Run", failure.run_id],
    ["Error code", failure.error_code],
    ["Message", failure.message],
    ["Occurred", failure.occurred_at],
    ["Alert severity", failure.alert_severity],
    ["Labels", Object.entries(failure.labels ?? {}).map(([name, value]) => `${name}: ${value}`).join(", ")],
    ["Recognised", failure.recognised === false ? "no: the kind is unknown, and a ticket is made all the same" : "yes"],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([name, value]) =>
          value && (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ),
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </>
  );
}
