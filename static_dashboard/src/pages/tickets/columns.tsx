/** The columns of the list: what they show, and how they sort. */

import { createColumnHelper } from "@tanstack/react-table";
import { Link } from "wouter";

import { Countdown } from "../../shared/Countdown";
import { categoryName, percent, sourceName, statusName } from "../../shared/format";
import { Severity, SEVERITIES } from "../../shared/severity";
import { Time } from "../../shared/Time";
import type { Row } from "./ticketList";

const column = createColumnHelper<Row>();

export const columns = [
  column.accessor("sla_due", { id: "sla", header: "SLA", size: 104, cell: ({ row }) => <Countdown ticket={row.original} /> }),
  column.accessor((row) => SEVERITIES.indexOf(row.severity), {
    id: "severity",
    header: "Severity",
    size: 92,
    cell: ({ row }) => <Severity value={row.original.severity} />,
  }),
  column.accessor("title", {
    id: "title",
    header: "What failed",
    size: 420,
    cell: ({ row, getValue }) => (
      <Link href={`/tickets/${row.original.id}`} className="plain" tabIndex={-1} title={getValue()}>
        <bdi>{getValue()}</bdi>
      </Link>
    ),
  }),
  column.accessor("pipeline", { id: "pipeline", header: "Pipeline", size: 200, cell: ({ getValue }) => <bdi>{getValue()}</bdi> }),
  column.accessor((row) => sourceName(row.source), { id: "source", header: "Source", size: 110 }),
  column.accessor((row) => categoryName(row.error_type), { id: "category", header: "Category", size: 150 }),
  column.accessor((row) => row.error_code ?? "", { id: "code", header: "Code", size: 150, cell: ({ getValue }) => <bdi>{getValue()}</bdi> }),
  column.accessor("finops_team", { id: "team", header: "Team", size: 130, cell: ({ getValue }) => <bdi>{getValue()}</bdi> }),
  column.accessor((row) => statusName(row.status), { id: "status", header: "Status", size: 112 }),
  column.accessor("confidence", { id: "confidence", header: "Confidence", size: 100, cell: ({ getValue }) => percent(getValue()) }),
  column.accessor((row) => row.itsm_ticket_id ?? "", { id: "jira", header: "Jira", size: 96 }),
  column.accessor((row) => row.ack_user ?? "", { id: "by", header: "Acknowledged by", size: 150, cell: ({ getValue }) => <bdi>{getValue()}</bdi> }),
  column.accessor("timestamp", { id: "when", header: "Reported", size: 116, cell: ({ getValue }) => <Time at={getValue()} /> }),
];

/** Shown unless the person chose otherwise. */
export const USUAL_COLUMNS = ["sla", "severity", "title", "pipeline", "source", "category", "team", "when"];

/** Without these a row says nothing. */
export const FIXED_COLUMNS = ["title"];
