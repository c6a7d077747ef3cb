import { Badge, makeStyles, tokens } from "@fluentui/react-components";

import { engineName, percent } from "../../shared/format";
import { Section } from "../../shared/Section";
import { useLook } from "./look";
import { Outside } from "./Outside";
import type { Ticket } from "./ticketQuery";

const useStyles = makeStyles({
  cause: { margin: 0, fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, overflowWrap: "anywhere" },
  reasons: { margin: 0, paddingLeft: "20px", color: tokens.colorNeutralForeground2, overflowWrap: "anywhere" },
});

const VERDICTS = {
  confirmed_by_error: ["Confirmed by the error itself", "success"],
  likely: ["Likely", "informative"],
  possible: ["Possible, no more", "warning"],
  inconclusive: ["Inconclusive: the texts do not say why", "danger"],
} as const;

/** How far a confidence can be trusted, in words: a number alone says little at night. */
function trust(confidence: number): string {
  if (confidence >= 0.75) return "high";
  if (confidence >= 0.5) return "medium";
  if (confidence >= 0.25) return "low";
  return "hardly any";
}

/** Why it failed, how sure that is and why, and who says so. */
export function Cause({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const look = useLook();
  const { diagnosis } = ticket;
  return (
    <Section title="Cause">
      <div className={look.column}>
        <p className={styles.cause}>
          <Outside text={ticket.rca_result} most={3_000} />
        </p>
        <FailurePoint ticket={ticket} />
        <div className={look.row}>
          <strong>
            Confidence {percent(ticket.confidence)} ({trust(ticket.confidence)})
          </strong>
          <Verdict verdict={diagnosis.verdict} />
        </div>
        {diagnosis.confidence_why.length > 0 && (
          <ul className={styles.reasons} aria-label="What the confidence is made of">
            {diagnosis.confidence_why.map((why, index) => (
              <li key={index}>
                <Outside text={why} most={400} />
              </li>
            ))}
          </ul>
        )}
        <p className={look.paragraph}>
          <strong>
            Answered by: {engineName(diagnosis.engine)}
            {diagnosis.engine === "gemini" && ", its answer checked"}.
          </strong> <Outside text={diagnosis.engine_reason} most={600} />
        </p>
        <p className={look.paragraph}>
          <strong>Category:</strong> <Outside text={diagnosis.reason} most={600} />
        </p>
      </div>
    </Section>
  );
}

function Verdict({ verdict }: { verdict: Ticket["diagnosis"]["verdict"] }) {
  if (!verdict) return null;
  const [words, color] = VERDICTS[verdict];
  return (
    <Badge appearance="tint" color={color}>
      {words}
    </Badge>
  );
}

function FailurePoint({ ticket }: { ticket: Ticket }) {
  const look = useLook();
  const point = ticket.diagnosis.failure_point;
  if (!point) return null;
  const where = [point.entity, point.step, point.attempt === null ? null : `attempt ${point.attempt}`];
  return (
    <p className={look.paragraph}>
      <strong>Where it broke:</strong> <Outside text={where.filter(Boolean).join(" › ")} most={500} />
    </p>
  );
}
