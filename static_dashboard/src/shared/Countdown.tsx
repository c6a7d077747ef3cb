import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";

import type { Schema } from "../api/client";
import { duration, longTime, utcTime } from "./format";
import { useNow } from "./now";

type Sla = Pick<Schema["TicketRow"], "sla_status" | "sla_due" | "sla_warned" | "status" | "timestamp">;

const useStyles = makeStyles({
  clock: { fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap", fontWeight: tokens.fontWeightSemibold },
  calm: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightRegular },
  warning: { color: tokens.colorStatusWarningForeground2 },
  breached: { color: tokens.colorStatusDangerForeground1 },
  met: { color: tokens.colorStatusSuccessForeground1, fontWeight: tokens.fontWeightRegular },
});

/** The SLA of a ticket: counts down, warns from three quarters on, then counts what it is overdue. */
export function Countdown({ ticket }: { ticket: Sla }) {
  const styles = useStyles();
  const running = ticket.status !== "acknowledged";
  const now = useNow(running);
  const due = Date.parse(ticket.sla_due);
  const left = now === null ? 0 : (due - now) / 1000;
  const look = running
    ? left <= 0 || ticket.sla_status === "Breached"
      ? "breached"
      : ticket.sla_warned || left * 4 < (due - Date.parse(ticket.timestamp)) / 1000
        ? "warning"
        : "calm"
    : ticket.sla_status === "Breached"
      ? "breached"
      : "met";
  const text = running
    ? left > 0
      ? duration(left)
      : `${duration(-left)} over`
    : ticket.sla_status === "Breached"
      ? "Breached"
      : "Met";
  return (
    <span
      className={mergeClasses(styles.clock, styles[look])}
      data-sla={look}
      title={`Due ${longTime(ticket.sla_due)}\n${utcTime(ticket.sla_due)}`}
    >
      {text}
    </span>
  );
}
