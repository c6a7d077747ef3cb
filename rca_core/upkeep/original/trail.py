"""The earlier program's audit entries and attempts at a remedy as audit entries of ours.

Their ids follow from what they are there, so that loading twice adds nothing. What an entry repeats of its ticket is
not kept: the ticket says it.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

from rca_core.diagnosis.redaction import redact
from rca_core.foundation import clock
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.ticket import shorten
from rca_core.upkeep.original import words
from rca_core.upkeep.original.database import Original, Row
from rca_core.upkeep.original.report import Report

ORIGIN = "earlier-program"

_ON_THE_TICKET = (
    "pipeline",
    "run_id",
    "rca_summary",
    "sla_status",
    "finops_team",
    "finops_owner",
    "finops_cost_center",
    "itsm_ticket_id",
)
_TIMES = {"time_taken_seconds": "time taken: {} s", "mttr_minutes": "MTTR: {} min"}
_ATTEMPT = {
    "details": "{}",
    "attempt_number": "attempt {}",
    "remediation_action": "{}",
    "remediation_run_id": "run {}",
    "original_run_id": "of run {}",
    "error_type": "for {}",
    "duration_seconds": "took {} s",
    "completed_at": "ended {}",
    "failure_reason": "reason: {}",
}
_NOT_OF_AN_ATTEMPT = ("logic_app_response",)
_LONGEST_DETAILS = 10_000
_LONGEST_WORD = 200


class Trail:
    """Entries by ticket, read beside the tickets in the order of their ids, so that few are held in memory."""

    def __init__(self, original: Original, report: Report) -> None:
        self._report = report
        self._groups = [
            _Groups(original.audit_entries(), self._of_row),
            _Groups(original.attempts(), self._of_attempt),
        ]

    def of(self, ticket_id: str, offset: timedelta) -> list[AuditEntry]:
        """The entries of a ticket, to be asked for in the order of ids; oldest first."""
        found = [entry for group in self._groups for entry in group.of(ticket_id, offset)]
        return sorted(found, key=lambda entry: entry.id)

    def rest(self) -> Iterator[AuditEntry]:
        """Those that belong to no ticket that was asked for, each with the id that it names in its details."""
        for group in self._groups:
            yield from group.rest()

    def _of_row(self, row: Row, ticket_id: str, offset: timedelta) -> AuditEntry | None:
        self._report.leave("audit_trail", row, _ON_THE_TICKET)
        at = words.moment(row.get("timestamp"), offset)
        if at is None:
            self._report.skip(f"audit entry {row['place']}", "its timestamp is no time")
            return None
        number = row.get("user_empid")
        user = " ".join(filter(None, [_word(row.get("user_name")), f"({_word(number)})" if number else ""]))
        details = [str(row.get("details") or ""), *_told(row, _TIMES)]
        return _entry("audit", row, ticket_id, clock.to_iso(at), str(row.get("action") or "Entry"), user, details)

    def _of_attempt(self, row: Row, ticket_id: str, offset: timedelta) -> AuditEntry | None:
        self._report.leave("remediation_attempts", row, _NOT_OF_AN_ATTEMPT)
        at = words.moment(row.get("started_at"), offset) or words.moment(row.get("completed_at"), offset)
        if at is None:
            self._report.skip(f"remediation attempt {row['place']}", "it has no time")
            return None
        action = f"Remediation {_word(row.get('status')) or 'Attempt'}"
        return _entry("attempt", row, ticket_id, clock.to_iso(at), action, "", _told(row, _ATTEMPT))


class _Groups:
    """Rows of a table that come sorted by `ticket_id`."""

    def __init__(self, rows: Iterator[Row], make: Any) -> None:
        self._groups = groupby(rows, key=lambda row: str(row.get("ticket_id") or ""))
        self._make = make
        self._passed: list[tuple[str, list[Row]]] = []
        self._next: tuple[str, list[Row]] | None = None
        self._go_on()

    def of(self, ticket_id: str, offset: timedelta) -> Iterator[AuditEntry]:
        while self._next is not None and self._next[0] < ticket_id:
            self._passed.append(self._next)
            self._go_on()
        if self._next is not None and self._next[0] == ticket_id:
            yield from self._made(self._next[1], ticket_id, offset)
            self._go_on()

    def rest(self) -> Iterator[AuditEntry]:
        while self._next is not None:
            self._passed.append(self._next)
            self._go_on()
        for named, rows in self._passed:
            rows = [{**row, "details": f"[{named or 'no ticket'}] {row.get('details') or ''}".strip()} for row in rows]
            yield from self._made(rows, "", timedelta(0))

    def _made(self, rows: list[Row], ticket_id: str, offset: timedelta) -> Iterator[AuditEntry]:
        yield from filter(None, (self._make(row, ticket_id, offset) for row in rows))

    def _go_on(self) -> None:
        found = next(self._groups, None)
        self._next = None if found is None else (found[0], list(found[1]))


def _entry(kind: str, row: Row, ticket_id: str, time: str, action: str, user: str, details: list[str]) -> AuditEntry:
    milliseconds = int(clock.from_iso(time).timestamp() * 1000)
    place = hashlib.sha256(json.dumps([kind, row], sort_keys=True, default=str).encode()).hexdigest()[:8]
    return AuditEntry(
        id=f"{milliseconds:013d}-{place}",
        ticket_id=ticket_id,
        time=time,
        action=_word(action),
        user=user or "the earlier program",
        origin=ORIGIN,
        details=shorten(redact("\n".join(filter(None, details))).text, _LONGEST_DETAILS),
    )


def _told(row: Row, sentences: dict[str, str]) -> list[str]:
    return [said.format(row[name]) for name, said in sentences.items() if row.get(name) not in (None, "")]


def _word(value: Any) -> str:
    return str(value or "").strip()[:_LONGEST_WORD]
