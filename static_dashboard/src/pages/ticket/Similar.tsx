import { Badge, Link, makeStyles } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link as RouteLink } from "wouter";

import { statusName } from "../../shared/format";
import { Time } from "../../shared/Time";
import { Section } from "../../shared/Section";
import { useLook } from "./look";
import { Outside } from "./Outside";
import { ticketQuery, type Ticket } from "./ticketQuery";

const useStyles = makeStyles({ item: { display: "flex", flexDirection: "column", gap: "4px", overflowWrap: "anywhere" } });

/** Past tickets of the same kind, and what was done about them. */
export function Similar({ diagnosis }: { diagnosis: Ticket["diagnosis"] }) {
  const styles = useStyles();
  const look = useLook();
  const { recalled, similar } = diagnosis;
  const others = similar.filter(({ incident_id }) => incident_id !== recalled?.ticket_id);
  if (!recalled && !others.length) return null;
  return (
    <Section title="Seen before">
      <ul className={look.list}>
        {recalled && (
          <li className={styles.item}>
            <span className={look.row}>
              <TicketLink id={recalled.ticket_id} />
              <Badge appearance="tint" color="success">
                The same failure
              </Badge>
            </span>
            <span>
              Seen {recalled.seen} {recalled.seen === 1 ? "time" : "times"} before.{" "}
              {recalled.resolution ? (
                <>
                  <Outside text={recalled.resolved_by || "Somebody"} most={120} /> solved it
                  {recalled.at && (
                    <>
                      {", "}
                      <Time at={recalled.at} />
                    </>
                  )}
                  : <Outside text={recalled.resolution} />
                </>
              ) : (
                "Its answer is used again; nobody has noted yet what helped."
              )}
            </span>
          </li>
        )}
        {others.map((one) => (
          <li key={one.incident_id} className={styles.item}>
            <span className={look.row}>
              <TicketLink id={one.incident_id} />
              <Badge appearance="tint" color={one.same_cause ? "success" : "informative"}>
                {one.same_cause ? "Same cause, says the model" : "Similar"}
              </Badge>
            </span>
            <Outside text={one.why} most={400} />
            <Outcome id={one.incident_id} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TicketLink({ id }: { id: string }) {
  return (
    <RouteLink href={`/tickets/${encodeURIComponent(id)}`} asChild>
      <Link>{id.slice(0, 60)}</Link>
    </RouteLink>
  );
}

/** How far the other ticket is, and what helped there. Nothing, if it cannot be read. */
function Outcome({ id }: { id: string }) {
  const look = useLook();
  const { data } = useQuery({ ...ticketQuery(id), retry: false });
  if (!data) return null;
  return (
    <span className={look.quiet}>
      {statusName(data.status)}
      {data.resolution && (
        <>
          . What helped: <Outside text={data.resolution} most={600} />
        </>
      )}
    </span>
  );
}
