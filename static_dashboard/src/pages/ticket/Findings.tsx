import { Link, makeStyles, tokens } from "@fluentui/react-components";
import { Section } from "../../shared/Section";

import { useLook } from "./look";
import { hashOf, type Place } from "./log/place";
import { Outside } from "./Outside";
import type { Ticket } from "./ticketQuery";

type Evidence = Ticket["diagnosis"]["evidence"][number];

const useStyles = makeStyles({
  quote: {
    margin: 0,
    padding: "6px 10px",
    borderLeft: `3px solid ${tokens.colorBrandStroke1}`,
    backgroundColor: tokens.colorNeutralBackground3,
    overflowWrap: "anywhere",
  },
});

/** The lines that a quote stands on, as the log viewer is told. */
function placeOf(evidence: Evidence): Place | null {
  if (!evidence.document || evidence.line_start < 1) return null;
  return { source: evidence.document, from: evidence.line_start, to: Math.max(evidence.line_start, evidence.line_end) };
}

/** The words of the logs that the diagnosis stands on, each with the way to that very line. */
export function Findings({ evidence, jump }: { evidence: readonly Evidence[]; jump: (place: Place) => void }) {
  const look = useLook();
  return (
    <Section title="Evidence">
      {evidence.length === 0 ? (
        <p className={look.paragraph}>No words of the report or its logs bear out this cause.</p>
      ) : (
        <ul className={look.list}>
          {evidence.map((one, index) => (
            <li key={index}>
              <Quote evidence={one} jump={jump} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Quote({ evidence, jump }: { evidence: Evidence; jump: (place: Place) => void }) {
  const styles = useStyles();
  const look = useLook();
  const place = placeOf(evidence);
  return (
    <>
      <blockquote className={styles.quote}>
        <Outside text={evidence.quote} mono most={1_000} />
      </blockquote>
      <div className={look.row}>
        {evidence.id && <strong>{evidence.id}</strong>}
        {place ? (
          <Link
            href={hashOf(place)}
            inline
            onClick={(event) => {
              event.preventDefault();
              jump(place);
            }}
          >
            {place.source} {lines(place)}
          </Link>
        ) : (
          <span className={look.quiet}>
            in <Outside text={evidence.where.replaceAll("_", " ")} most={100} />
          </span>
        )}
        {evidence.shows && (
          <span>
            <Outside text={evidence.shows} most={400} />
          </span>
        )}
      </div>
    </>
  );
}

export const lines = ({ from, to }: Place): string => (from === to ? `line ${from}` : `lines ${from}–${to}`);
