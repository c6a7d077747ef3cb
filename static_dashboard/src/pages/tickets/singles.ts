import { answerOf, api, type Schema } from "../../api/client";
import { isOfTab, type Filters } from "./filters";
import type { Row, Single } from "./merging";

/** The ticket's row as it is now; none where its ticket does not belong into this list. A search is not looked at. */
export async function readSingle(id: string, filters: Filters): Promise<Single> {
  const row = rowOf(await answerOf(api.GET("/api/tickets/{id}", { params: { path: { id } } })));
  const { tab, source, severity, error_type: category, team } = filters;
  const belongs =
    isOfTab(row.status, tab) &&
    (!source || row.source === source) &&
    (!severity || row.severity === severity) &&
    (!category || row.error_type === category) &&
    (!team || row.finops_team === team);
  return { id, row: belongs ? row : null };
}

/** What the list shows of a ticket, and no more: rows are kept all night. */
const rowOf = (ticket: Schema["TicketView"]): Row => ({
  ack_seconds: ticket.ack_seconds,
  ack_ts: ticket.ack_ts,
  ack_user: ticket.ack_user,
  confidence: ticket.confidence,
  engine: ticket.diagnosis.engine,
  error_code: ticket.error_code,
  error_type: ticket.error_type,
  finops_owner: ticket.finops_owner,
  finops_team: ticket.finops_team,
  id: ticket.id,
  itsm_ticket_id: ticket.itsm_ticket_id,
  pipeline: ticket.pipeline,
  priority: ticket.priority,
  run_count: ticket.runs.length,
  run_id: ticket.run_id,
  severity: ticket.severity,
  sla_due: ticket.sla_due,
  sla_seconds: ticket.sla_seconds,
  sla_status: ticket.sla_status,
  sla_warned: ticket.sla_warned,
  source: ticket.source,
  status: ticket.status,
  timestamp: ticket.timestamp,
  title: ticket.title,
  version: ticket.version,
});
