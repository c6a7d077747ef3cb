import { Button, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useState } from "react";

import { Time } from "../../shared/Time";
import { Move } from "./Happening";
import { useLook } from "./look";
import { Outside } from "./Outside";
import { Section } from "./Section";
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
  const look = useLook();
  const [all, setAll] = useState(false);
  const newest = audit.toReversed();
  const shown = all ? newest : newest.slice(0, FIRST);
  return (
    <Section title="Timeline">
      <ol className={look.list}>
        {shown.map((entry) => (
          <OneEntry key={entry.id} entry={entry} />
        ))}
      </ol>
      {shown.length < audit.length && (
        <Button appearance="transparent" onClick={() => setAll(true)} data-no-print>
          Show all {audit.length} entries
        </Button>
      )}
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
