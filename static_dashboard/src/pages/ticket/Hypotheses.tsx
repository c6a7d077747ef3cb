import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { categoryName } from "../../shared/format";
import { Section } from "../../shared/Section";
import { useLook } from "./look";
import { Outside } from "./Outside";
import type { Ticket } from "./ticketQuery";

const DOMAINS = {
  user_code: "user code",
  user_config: "configuration",
  data: "data",
  upstream: "upstream",
  platform: "the platform",
  cloud: "the cloud",
  unknown: "not known",
} as const;

const useStyles = makeStyles({
  item: { display: "flex", flexDirection: "column", gap: "4px", overflowWrap: "anywhere" },
  bullets: { margin: 0, paddingLeft: "20px", overflowWrap: "anywhere" },
  part: { margin: "0 0 2px", fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
});

/** The causes that were weighed: what speaks for each, what against it, and what would prove it wrong. */
export function Hypotheses({ diagnosis }: { diagnosis: Ticket["diagnosis"] }) {
  const styles = useStyles();
  const look = useLook();
  if (diagnosis.hypotheses.length === 0) return null;
  return (
    <Section title="Causes weighed">
      <ol className={look.list}>
        {diagnosis.hypotheses.map((one, index) => (
          <li key={index} className={styles.item}>
            <strong>
              {index + 1}. <Outside text={one.statement} most={500} />
            </strong>
            <Outside text={one.mechanism} most={1_000} />
            <span className={look.quiet}>
              {categoryName(one.category)}, fault of: {DOMAINS[one.fault_domain]}. Speaks for it: {named(one.supports)}. Against it:{" "}
              {named(one.contradicts)}.
            </span>
            {one.would_be_wrong_if && (
              <span>
                Wrong if: <Outside text={one.would_be_wrong_if} most={400} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}

const named = (ids: readonly string[]): string => (ids.length ? ids.map((id) => id.slice(0, 20)).join(", ") : "nothing quoted");

/** What to look at next, what was not to be had, and what the checks took out of a model's answer. */
export function Checks({ diagnosis }: { diagnosis: Ticket["diagnosis"] }) {
  const look = useLook();
  const { next_checks, missing, verification, model } = diagnosis;
  if (!next_checks.length && !missing.length && !verification && !model) return null;
  return (
    <Section title="Checks">
      <div className={look.column}>
        <Bullets title="Look at next" texts={next_checks} />
        <Bullets title="What is missing" texts={missing} />
        {verification && <Verification told={verification} />}
        {model && (
          <p className={mergeClasses(look.paragraph, look.quiet)}>
            Model {model.model.slice(0, 100)}, prompt {model.prompt_version.slice(0, 60)}: {model.tokens_in} tokens read,{" "}
            {model.tokens_out} written, {(model.latency_ms / 1000).toFixed(1)} s.
          </p>
        )}
      </div>
    </Section>
  );
}

function Verification({ told }: { told: NonNullable<Ticket["diagnosis"]["verification"]> }) {
  const look = useLook();
  const agreement =
    told.agrees_with_rules === null
      ? "The rules found no category to compare with."
      : told.agrees_with_rules
        ? `The rules say the same: ${categoryName(told.rule_category)}.`
        : `The rules say otherwise: ${categoryName(told.rule_category)}.`;
  return (
    <>
      <p className={look.paragraph}>
        Of {told.evidence_in} quotes that the model gave, {told.evidence_kept} stood up to the checks. {agreement}
        {told.schema_retries > 0 && " Its first answer did not have the right shape."}
      </p>
      <Bullets title="Taken out" texts={told.dropped.map(({ what, why }) => `${what}: ${why}`)} />
      <Bullets title="Put right" texts={told.repairs} />
      <Bullets title="Lines that speak to an assistant, taken as data" texts={told.suspicious} />
    </>
  );
}

function Bullets({ title, texts }: { title: string; texts: readonly string[] }): ReactNode {
  const styles = useStyles();
  if (texts.length === 0) return null;
  return (
    <div>
      <h3 className={styles.part}>{title}</h3>
      <ul className={styles.bullets}>
        {texts.map((text, index) => (
          <li key={index}>
            <Outside text={text} most={500} />
          </li>
        ))}
      </ul>
    </div>
  );
}
