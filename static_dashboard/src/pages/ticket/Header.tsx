import { Badge, Link, makeStyles, tokens } from "@fluentui/react-components";
import { ArrowLeftRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { useLocation } from "wouter";

import { CopyButton } from "../../shared/CopyButton";
import { Countdown } from "../../shared/Countdown";
import { categoryName, duration, sourceName, statusName } from "../../shared/format";
import { Severity } from "../../shared/severity";
import { Time } from "../../shared/Time";
import { backToList } from "./behind";
import { useLook } from "./look";
import { Outside } from "./Outside";
import type { Ticket } from "./ticketQuery";

const useStyles = makeStyles({
  header: { display: "flex", flexDirection: "column", gap: "8px", minWidth: 0 },
  title: { margin: 0, fontSize: tokens.fontSizeBase600, lineHeight: tokens.lineHeightBase600, fontWeight: tokens.fontWeightSemibold },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
  idAndCopy: { display: "inline-flex", alignItems: "center", gap: "4px" },
  name: { color: tokens.colorNeutralForeground2, marginRight: "6px" },
});

const STATUS_COLORS = { open: "danger", in_progress: "warning", acknowledged: "success" } as const;

/** What one wants to know first: what failed, how bad it is, by when somebody must look, and how far it is. */
export function Header({ ticket }: { ticket: Ticket }) {
  const styles = useStyles();
  const look = useLook();
  const [, navigate] = useLocation();
  return (
    <header className={styles.header}>
      <div className={look.row}>
        <Link
          href="/tickets"
          data-no-print
          onClick={(event) => {
            event.preventDefault();
            backToList(navigate);
          }}
        >
          <ArrowLeftRegular aria-hidden /> Tickets
        </Link>
        <span className={styles.idAndCopy}>
          <span className={styles.id}>{ticket.id}</span>
          <span data-no-print>
            <CopyButton text={ticket.id} what="the ticket's id" />
          </span>
        </span>
      </div>
      <h1 className={styles.title}>
        <Outside text={ticket.title} most={300} />
      </h1>
      <div className={look.row}>
        <span title={ticket.severity_reason.slice(0, 500)}>
          <Severity value={ticket.severity} />
        </span>
        <Badge appearance="outline" color="informative" title="Priority">
          {ticket.priority}
        </Badge>
        <Badge appearance="tint" color={STATUS_COLORS[ticket.status]}>
          {statusName(ticket.status)}
        </Badge>
        <Fact name="SLA">
          <Countdown ticket={ticket} />
        </Fact>
        <Fact name="Category">
          {categoryName(ticket.error_type)}
          {ticket.error_code && (
            <>
              {" ("}
              <Outside text={ticket.error_code} mono most={80} />
              {")"}
            </>
          )}
        </Fact>
        <Fact name="Source">{sourceName(ticket.source)}</Fact>
        <Fact name="Heard of">
          <Time at={ticket.timestamp} />
        </Fact>
        <Fact name="Rerun">{ticket.retryable ? "may pass without a change" : "needs a change first"}</Fact>
      </div>
      {ticket.status === "acknowledged" && <Acknowledged ticket={ticket} />}
    </header>
  );
}

function Acknowledged({ ticket }: { ticket: Ticket }) {
  const look = useLook();
  return (
    <p className={look.paragraph}>
      Acknowledged by <Outside text={ticket.ack_user ?? "somebody"} most={120} />
      {ticket.ack_ts && (
        <>
          {" "}
          at <Time at={ticket.ack_ts} />
        </>
      )}
      {ticket.ack_seconds !== null && <> after {duration(ticket.ack_seconds)}</>}
      {ticket.resolution && (
        <>
          . What helped: <Outside text={ticket.resolution} />
        </>
      )}
    </p>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  const styles = useStyles();
  return (
    <span>
      <span className={styles.name}>{name}</span>
      {children}
    </span>
  );
}
