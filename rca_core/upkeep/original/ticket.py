"""A row of the earlier program's table `tickets` as a ticket of ours. What no field of ours holds is kept in
`affected_entity.original`, under the name that it had.
"""

from datetime import datetime
from typing import Any

import msgspec

from rca_core.diagnosis import CATEGORIES, Diagnosis, analyse
from rca_core.diagnosis.redaction import Redactor
from rca_core.foundation import clock
from rca_core.foundation.failure import Failure, Link
from rca_core.tickets import sla
from rca_core.tickets.case import reported_case
from rca_core.tickets.ticket import (
    SLA_SECONDS_OF,
    Severity,
    Ticket,
    fitting_entity,
    fitting_labels,
    fitting_links,
    fitting_runs,
    month_and_day,
    processing_mode,
    report_of,
    shorten,
    sla_due,
    ticket_message,
)
from rca_core.upkeep.original import words
from rca_core.upkeep.original.report import Report
from rca_core.upkeep.original.reported import Reported

# Fields of the same name and meaning on both sides.
_AS_THEY_ARE = ("itsm_ticket_id", "slack_ts", "slack_channel", "logic_app_run_id", "remediation_status", "ack_user")
_OWNER = ("finops_team", "finops_owner", "finops_cost_center")
_READ = frozenset(
    {
        *("id", "timestamp", "pipeline", "run_id", "rca_result", "recommendations", "confidence", "severity"),
        *("priority", "error_type", "affected_entity", "status", "sla_seconds", "sla_status", "blob_log_url"),
        *("ack_ts", "ack_seconds", "processing_mode"),
        *_AS_THEY_ARE,
        *_OWNER,
    }
)
_WHY = "Loaded from the earlier program, whose words these are; which rules or model found them it did not store."
_OWNER_REASON = "Loaded from the earlier program, which went by words in the pipeline's name."
_USUAL_SEVERITY: Severity = "Medium"
_LONGEST_CAUSE = 60_000
_LONGEST_WORD = 1_000
_MOST_RECOMMENDATIONS, _LONGEST_RECOMMENDATION = 50, 2_000


def ticket_of(
    row: dict[str, Any], known: Reported, report: Report, redactor: Redactor, dashboard_url: str, now: datetime
) -> Ticket:
    """The ticket, whose texts `redactor` masks; raises NotFound for an id that is none of ours."""
    ticket_id = str(row["id"])
    month_and_day(ticket_id)
    return _Reading(row, known, report, redactor, dashboard_url).ticket(ticket_id, now)


class _Reading:
    """One row while it is read: what has to be kept under its old name is collected on the way."""

    def __init__(
        self, row: dict[str, Any], known: Reported, report: Report, redactor: Redactor, dashboard_url: str
    ) -> None:
        self._row = row
        self._report = report
        self._dashboard_url = dashboard_url
        self._redactor = redactor
        self._run_hashes = known.run_hashes
        self._case = reported_case(str(row["id"]), known.failure)
        self._original: dict[str, Any] = {}

    def ticket(self, ticket_id: str, now: datetime) -> Ticket:
        row, failure = self._row, self._case.failure
        offset = words.offset_of(ticket_id, str(row.get("timestamp") or ""))
        heard = words.moment(row.get("timestamp"), offset) or self._changed(
            "timestamp", row.get("timestamp"), words.made_at(ticket_id), "taken from the id"
        )
        if offset:
            self._report.change("timestamp, ack_ts", "local time became UTC")
        severity = words.severity_of(row.get("severity")) or self._changed(
            "severity", row.get("severity"), _USUAL_SEVERITY, f"no severity of ours became {_USUAL_SEVERITY}"
        )
        diagnosis = self._diagnosis()
        seconds = words.whole_number(row.get("sla_seconds")) or SLA_SECONDS_OF[severity]
        timestamp = clock.to_iso(heard)
        as_they_are: dict[str, Any] = {name: self._text(name) or None for name in _AS_THEY_ARE}
        as_they_are |= {name: self._text(name) or "Unknown" for name in _OWNER}
        ticket = Ticket(
            id=ticket_id,
            timestamp=timestamp,
            occurred_at=failure.occurred_at,
            source=failure.source,
            processing_mode=self._mode(failure),
            title=failure.title,
            pipeline=self._masked(self._text("pipeline"))[:_LONGEST_WORD] or failure.pipeline,
            run_id=words.run_of(row),
            run_hash=self._run_hashes[0],
            other_run_hashes=list(self._run_hashes[1:]),
            message=ticket_message(failure),
            rca_result=diagnosis.cause,
            recommendations=list(diagnosis.recommendations),
            confidence=diagnosis.confidence,
            severity=severity,
            severity_reason="Loaded from the earlier program.",
            priority=words.priority_of(row.get("priority"), severity),
            error_type=diagnosis.category,
            error_code=failure.error_code,
            retryable=diagnosis.retryable,
            affected_entity={},
            labels=fitting_labels(failure.labels),
            sla_seconds=seconds,
            sla_due=sla_due(timestamp, seconds),
            links=self._links(ticket_id, failure),
            runs=fitting_runs(list(failure.runs)),
            reports=[report_of(failure, timestamp, "")],
            report_keys=[failure.report_key],
            diagnosis=diagnosis,
            fingerprint=self._case.fingerprint() if failure.message else None,
            owner_reason=_OWNER_REASON,
            # The rest of the address may be a key to it.
            blob_log_url=self._text("blob_log_url").partition("?")[0] or None,
            **as_they_are,
        )
        ticket = self._with_status(ticket, words.moment(row.get("ack_ts"), offset), now)
        return msgspec.structs.replace(ticket, affected_entity=self._entity(), redactions=self._redactor.counts)

    def _diagnosis(self) -> Diagnosis:
        """The earlier program's words, and a category by our classifier: from the error text, else from its words."""
        row = self._row
        kind = self._masked(self._text("error_type"))
        cause = shorten(self._masked(self._text("rca_result")), _LONGEST_CAUSE)
        verdict = self._case.verdict
        if verdict.category == "Unknown":
            told = msgspec.structs.replace(self._case.failure, error_code=kind or None, message=cause)
            verdict = reported_case(str(row["id"]), told).verdict
        category = verdict.category
        if category == "Unknown":
            category = next((one for one in CATEGORIES if one == kind), category)
        if kind and kind != category:
            self._original["error_type"] = kind
            self._report.change("error_type", f"{kind} became {category}")
        confidence = words.confidence_of(row.get("confidence"))
        if not isinstance(row.get("confidence"), float) or confidence is None:
            confidence = self._changed("confidence", row.get("confidence"), confidence or 0.0, "became a number")
        by_rules = analyse(self._case.failure, verdict, self._case.documents)
        return msgspec.structs.replace(
            by_rules,
            cause=cause or by_rules.cause,
            recommendations=tuple(self._recommendations()) or by_rules.recommendations,
            confidence=confidence,
            confidence_why=("the earlier program's own",),
            engine_reason=_WHY,
            category=category,
        )

    def _recommendations(self) -> list[str]:
        told = words.text_list(self._row.get("recommendations"))[:_MOST_RECOMMENDATIONS]
        return [shorten(self._masked(text), _LONGEST_RECOMMENDATION) for text in told]

    def _with_status(self, ticket: Ticket, acknowledged: datetime | None, now: datetime) -> Ticket:
        """The ticket as far as it was. One that is overdue is breached already: nobody is warned of the past."""
        row = self._row
        status = words.status_of(row.get("status")) or self._changed(
            "status", row.get("status"), "acknowledged" if acknowledged else "open", "no status of ours"
        )
        if status != "acknowledged":
            left = msgspec.structs.replace(ticket, status=status, ack_user=None)
            for name in ("ack_ts", "ack_user", "ack_seconds"):
                self._keep(name)
            late = sla.as_of(left, now)
            return msgspec.structs.replace(late, sla_warned=late.sla_status == "Breached")
        at = acknowledged or clock.from_iso(ticket.timestamp)
        if acknowledged is None:
            self._changed("ack_ts", row.get("ack_ts"), at, "the time of the failure, for want of another")
        seconds = words.whole_number(row.get("ack_seconds"))
        if seconds is None:
            seconds = max(0, int((at - clock.from_iso(ticket.timestamp)).total_seconds()))
        stamp = clock.to_iso(at)
        done = msgspec.structs.replace(
            ticket, status=status, ack_ts=stamp, ack_seconds=seconds, status_changed_at=stamp
        )
        settled = words.sla_status_of(row.get("sla_status"))
        if settled in (None, "Pending"):
            settled = self._changed("sla_status", row.get("sla_status"), sla.state(done, at), "settled by its times")
        return msgspec.structs.replace(done, sla_status=settled)

    def _entity(self) -> dict[str, Any]:
        """What was affected, as the payload and the earlier program say, and what only it had."""
        stored = words.mapping(
            self._redactor.redact_body(str(self._row.get("affected_entity") or "").encode()).decode()
        )
        for column in self._row.keys() - _READ:
            self._keep(column)
        original = {"original": self._original} if self._original else {}
        return fitting_entity({**original, **self._case.failure.entity, **stored})

    def _links(self, ticket_id: str, failure: Failure) -> list[Link]:
        payload = Link("payload", f"{self._dashboard_url}/api/tickets/{ticket_id}/log")
        return [*fitting_links(list(failure.links)), payload]

    def _mode(self, failure: Failure) -> str:
        mode, stored = processing_mode(failure.source), self._masked(self._text("processing_mode"))
        if stored and stored != mode:
            self._original["processing_mode"] = stored
            self._report.change("processing_mode", f"{stored} became {mode}")
        return mode

    def _changed(self, field: str, stored: Any, kept: Any, how: str) -> Any:
        """`kept` in place of what is stored, which is noted under its old name."""
        self._keep(field)
        if stored not in (None, ""):
            self._report.change(field, how)
        return kept

    def _keep(self, column: str) -> None:
        value = self._row.get(column)
        if value not in (None, ""):
            self._original[column] = self._masked(value)[:_LONGEST_WORD] if isinstance(value, str) else value

    def _text(self, column: str) -> str:
        value = self._row.get(column)
        return str(value).strip() if value is not None else ""

    def _masked(self, text: str) -> str:
        return self._redactor.redact(text)
