import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";

import { Time } from "../../shared/Time";
import { Section } from "../../shared/Section";
import { Move } from "./Happening";
import { useLook } from "./look";
import { Outside } from "./Outside";
import { Some } from "./Some";
import { ASSISTANT, type Entry } from "./ticketQuery";

const useStyles = makeStyles({
  entry: {
    display: "grid",
    gridTemplateColumns: "160px minmax(0, 1fr)",
    gap: "0 12px",
    paddingLeft: "10px",
    borderLeft: `3px solid ${tokens.colorNeutralStroke1}`,
    "@media (max-width: 640px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  byPerson: { borderLeftColor: tokens.colorBrandStroke1 },
  details: { color: tokens.colorNeutralForeground2, overflowWrap: "anywhere" },
});

const FIRST = 40;

/** Who did what to the ticket, the newest first. */
export function Timeline({ audit }: { audit: readonly Entry[] }) {
  return (
    <Section title="Timeline">
      <Some first={FIRST} what="entries" items={audit.toReversed().map((entry) => <OneEntry key={entry.id} entry={entry} />)} />
    </Section>
  );
}

function OneEntry({ entry }: { entry: Entry }) {
  const styles = useStyles();
  const look = useLook();
  const byAssistant = entry.user === ASSISTANT;
  return (
    <li className={mergeClasses(styles.entry, !byAssistant && styles.byPerson)}>
      <span className={look.quiet}>
        <Time at={entry.time} long />
      </span>
      <div>
        <div>
          <strong>
            <Outside text={entry.action} most={120} />
          </strong>
          <Move entry={entry} /> by {byAssistant ? "the assistant" : <Outside text={entry.user} most={120} />}
          <span className={look.quiet}>
            {" "}
            via <Outside text={entry.origin} most={80} />
          </span>
        </div>
        {entry.details && (
          <div className={styles.details}>
            <Outside text={entry.details} most={600} />
          </div>
        )}
      </div>
    </li>
  );
}
