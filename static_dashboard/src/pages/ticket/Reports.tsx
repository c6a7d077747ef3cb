import { Link, makeStyles } from "@fluentui/react-components";

import { count } from "../../shared/format";
import { Time } from "../../shared/Time";
import { Section } from "../../shared/Section";
import { useLook } from "./look";
import type { Place } from "./log/place";
import { evidenceSource, reportSource } from "./log/sources";
import { Outside } from "./Outside";
import { Some } from "./Some";
import type { Ticket } from "./ticketQuery";

const useStyles = makeStyles({ item: { display: "flex", flexDirection: "column", gap: "4px", overflowWrap: "anywhere" } });

type Open = (place: Place) => void;

/** The error text, and what else was reported about this run. */
export function Reports({ ticket, open }: { ticket: Ticket; open: Open }) {
  const styles = useStyles();
  const look = useLook();
  const known = ticket.reports.length;
  return (
    <Section title={known > 1 ? `Reports (${count(ticket.report_keys.length)})` : "Report"} screenOnly>
      <Some
        first={10}
        what="reports"
        items={ticket.reports.map((report, index) => (
          <li key={report.key} className={styles.item}>
            <span className={look.row}>
              <Time at={report.received_at} />
              {known > 1 && (
                <strong>
                  <Outside text={report.title} most={200} />
                </strong>
              )}
              {report.error_code && <Outside text={report.error_code} mono most={80} />}
              <Link as="button" onClick={() => open({ source: reportSource(index), from: 0, to: 0 })}>
                Payload
              </Link>
            </span>
            <Outside text={index === 0 ? ticket.message : report.message} mono most={800} />
          </li>
        ))}
      />
      {ticket.report_keys.length > known && (
        <p className={look.quiet}>{count(ticket.report_keys.length - known)} more reports are in the timeline and the archive alone.</p>
      )}
    </Section>
  );
}

/** What the failing system said when it was asked, or why it said nothing. */
export function Asked({ ticket, open }: { ticket: Ticket; open: Open }) {
  const styles = useStyles();
  const look = useLook();
  if (ticket.evidence.length === 0) return null;
  return (
    <Section title="What the failing system said" screenOnly>
      <ul className={look.list}>
        {ticket.evidence.map((note, index) => (
          <li key={index} className={styles.item}>
            <span className={look.row}>
              <strong>
                <Outside text={note.title || note.source} most={200} />
              </strong>
              <span className={look.quiet}>
                <Outside text={`${note.source}, ${note.status}`} most={120} />
              </span>
              {note.archived && (
                <Link as="button" onClick={() => open({ source: evidenceSource(ticket, index), from: 0, to: 0 })}>
                  Text
                </Link>
              )}
            </span>
            {note.note && <Outside text={note.note} most={600} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}
