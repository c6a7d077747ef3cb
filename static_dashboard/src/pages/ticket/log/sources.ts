/** The texts of a ticket that the log viewer can show, and where the API has each. */

import { count } from "../../../shared/format";
import type { Ticket } from "../ticketQuery";

export interface Quoted {
  id: string;
  from: number;
  to: number;
}

export interface LogSource {
  /** How an address names it: `D1`, `payload`, `report-2`, `evidence-1`. */
  id: string;
  label: string;
  path: string;
  /** Names its content for good: a new diagnosis may call another text `D1`. */
  version: string;
  json: boolean;
  /** What is missing from it. */
  note: string;
  /** The lines that the diagnosis quotes. */
  quoted: Quoted[];
}

/** The texts that the diagnosis quotes first, then the rest of what the failing system said, then the payloads. */
export function sourcesOf(ticket: Ticket): LogSource[] {
  const log = `/api/tickets/${encodeURIComponent(ticket.id)}/log`;
  const { documents, evidence } = ticket.diagnosis;
  const quotable = documents.map((one) => ({
    id: one.id,
    label: `${one.id}: ${one.kind.slice(0, 60)}, ${count(one.lines)} ${one.lines === 1 ? "line" : "lines"}`,
    path: `${log}?document=${encodeURIComponent(one.id)}`,
    version: one.archived,
    json: false,
    note: one.truncated ? "It was cut before it reached us." : "",
    quoted: evidence
      .filter(({ document, line_start }) => document === one.id && line_start > 0)
      .map(({ id, line_start, line_end }) => ({ id, from: line_start, to: line_end })),
  }));
  const others = ticket.evidence.flatMap((note, index) => {
    const id = evidenceSource(ticket, index);
    if (!note.archived || id !== ownEvidence(index)) return [];
    const label = `${note.source}: ${note.title}`.slice(0, 80);
    return [{ ...bare(id, label, `${log}?evidence=${index + 1}`, note.archived), note: note.note.slice(0, 300) }];
  });
  const payloads = ticket.reports.map((report, index) => ({
    ...bare(
      reportSource(index),
      index ? `Payload of report ${index + 1}` : "Payload",
      index ? `${log}?report=${encodeURIComponent(report.key)}` : log,
      report.archived,
    ),
    json: true,
  }));
  return [...quotable, ...others, ...payloads];
}

export const reportSource = (index: number): string => (index ? `report-${index + 1}` : "payload");

/** A text of the failing system stands among the documents, if the diagnosis read it. */
export function evidenceSource(ticket: Ticket, index: number): string {
  const archived = ticket.evidence[index]?.archived;
  return ticket.diagnosis.documents.find((one) => one.archived === archived)?.id ?? ownEvidence(index);
}

const ownEvidence = (index: number): string => `evidence-${index + 1}`;

const bare = (id: string, label: string, path: string, version: string): LogSource => ({
  id,
  label,
  path,
  version,
  json: false,
  note: "",
  quoted: [],
});
