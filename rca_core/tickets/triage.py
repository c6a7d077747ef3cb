"""What the queue "failures" does: archive, classify, diagnose by rules, write the ticket, announce it."""

import msgspec

from rca_core.diagnosis import Classification, classify
from rca_core.diagnosis.redaction import Redactor
from rca_core.diagnosis.rules import analyse
from rca_core.foundation import clock, logs
from rca_core.foundation.failure import Failure, Link
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.integrations.archive import Archived
from rca_core.tickets import claims
from rca_core.tickets.announce import announce
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.enrichment import ask_for_evidence, can_be_asked
from rca_core.tickets.intake import FailureMessage, failure_of
from rca_core.tickets.severity import severity_of
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import (
    PRIORITY_OF,
    SLA_SECONDS_OF,
    Ticket,
    fitting_entity,
    fitting_labels,
    fitting_links,
    fitting_report_keys,
    fitting_reports,
    fitting_runs,
    new_ticket_id,
    processing_mode,
    report_of,
    sla_due,
    ticket_message,
)


def triage(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    """Makes the ticket that the message asks for, or adds the message's report to it; returns the ticket.

    Safe to run again after a death on any line: the archive's blob is named by ticket and report and is
    overwritten; the ticket is created once and takes a report once; the rest repeats without harm.
    """
    ticket = store.find(message.ticket_id) or _create(storage, store, settings, message)
    if ticket.run_hash != message.run_hash:
        return triage(storage, store, settings, _under_another_id(storage, message))
    if not ticket.knows(message.report_key):
        ticket = _add_report(storage, store, settings, message)
    if len(ticket.report_keys) <= claims.MOST_RECORDED:
        claims.record(storage, message.run_hash, message.report_key)
    announce(storage, settings, ticket)
    ask_for_evidence(storage, settings, ticket, message)
    if message.body_blob and not message.body_is_shared:
        archive.release(storage, message.body_blob)
    return ticket


def _create(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    """The ticket made of the message, or the one that another delivery made of this id in the meantime."""
    failure, archived, masked = _failure_and_archive(storage, settings, message)
    ticket = msgspec.structs.replace(_new_ticket(settings, message, failure, archived), redactions=masked)
    if not store.create(ticket, _created(ticket)):
        return store.get(message.ticket_id)
    logs.info("ticket-created", ticket_id=ticket.id, category=ticket.error_type, severity=ticket.severity)
    return ticket


def _add_report(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    failure, archived, _ = _failure_and_archive(storage, settings, message)
    return store.change(message.ticket_id, lambda ticket: _with_report(ticket, message, failure, archived))


def _under_another_id(storage: Storage, message: FailureMessage) -> FailureMessage:
    """Two runs of one second drew the same six characters: the one that comes second gets a new id."""
    source = failure_of(message, _body(storage, message)).source
    new_id = new_ticket_id(source, clock.from_iso(message.claimed_at))
    held_id = claims.move(storage, message.run_hash, message.ticket_id, new_id)
    logs.warning("ticket-id-taken", ticket_id=message.ticket_id, new_ticket_id=held_id)
    return msgspec.structs.replace(message, ticket_id=held_id)


def _failure_and_archive(
    storage: Storage, settings: Settings, message: FailureMessage
) -> tuple[Failure, Archived, dict[str, int]]:
    """The failure and where its payload is archived, both without secrets; and how many of each kind were masked."""
    body = _body(storage, message)
    redactor = Redactor()
    failure = _masked(redactor, failure_of(message, body))
    archived = archive.archive(storage, message.ticket_id, message.report_key, redactor.redact_body(body))
    if can_be_asked(settings, failure.source):
        archive.archive_failure(storage, message.ticket_id, message.report_key, msgspec.json.encode(failure))
    return failure, archived, redactor.counts


def _masked(redactor: Redactor, failure: Failure) -> Failure:
    """The failure without secrets; what tells runs and reports apart stays as it is."""
    masked = msgspec.json.decode(redactor.redact_body(msgspec.json.encode(failure)), type=Failure)
    return msgspec.structs.replace(
        masked, run_key=failure.run_key, report_key=failure.report_key, run_id=failure.run_id, runs=failure.runs
    )


def _body(storage: Storage, message: FailureMessage) -> bytes:
    if message.body is not None:
        return message.body.encode()
    return archive.held(storage, message.body_blob or "")


def _new_ticket(settings: Settings, message: FailureMessage, failure: Failure, archived: Archived) -> Ticket:
    verdict = _classify(failure)
    diagnosis = analyse(failure, verdict)
    severity, severity_reason = severity_of(failure, verdict.category)
    return Ticket(
        id=message.ticket_id,
        timestamp=message.claimed_at,
        source=failure.source,
        processing_mode=processing_mode(failure.source),
        title=failure.title,
        pipeline=failure.pipeline,
        run_id=failure.run_id,
        run_hash=message.run_hash,
        message=ticket_message(failure),
        rca_result=diagnosis.cause,
        recommendations=list(diagnosis.recommendations),
        confidence=diagnosis.confidence,
        severity=severity,
        severity_reason=severity_reason,
        priority=PRIORITY_OF[severity],
        error_type=verdict.category,
        error_code=failure.error_code,
        retryable=verdict.retryable,
        affected_entity=fitting_entity(failure.entity),
        labels=fitting_labels(failure.labels),
        sla_seconds=SLA_SECONDS_OF[severity],
        sla_due=sla_due(message.claimed_at, SLA_SECONDS_OF[severity]),
        links=_links(settings, message.ticket_id, failure, list(diagnosis.docs)),
        runs=fitting_runs(list(failure.runs)),
        reports=[report_of(failure, message.received_at, archived.name)],
        report_keys=[message.report_key],
        occurred_at=failure.occurred_at,
        diagnosis=diagnosis,
        blob_log_url=archived.url,
    )


def _classify(failure: Failure) -> Classification:
    if not failure.recognised:
        return Classification(category="Unknown", retryable=False, reason="The event is of a kind that is not known.")
    return classify(failure.source, failure.error_code, failure.message, failure.log)


def _links(settings: Settings, ticket_id: str, failure: Failure, docs: list[str]) -> list[Link]:
    ours = []
    job, run, host = failure.entity.get("job_id"), failure.run_id, settings.databricks_host
    if (
        failure.source == "databricks"
        and job
        and run
        and host
        and not any(link.kind == "run" for link in failure.links)
    ):
        ours.append(Link("run", f"{host}/jobs/{job}/runs/{run}"))
    ours.append(Link("payload", f"{settings.dashboard_url}/api/tickets/{ticket_id}/log"))
    return [*fitting_links(list(failure.links)), *ours, *(Link("docs", url) for url in docs)]


def _created(ticket: Ticket) -> AuditEntry:
    return entry(
        ticket.id,
        "Ticket Created",
        user="assistant",
        origin=ticket.processing_mode,
        at=clock.now(),
        details=f"{ticket.title} [{ticket.error_type}, {ticket.severity}: {ticket.severity_reason}]",
        new=ticket.status,
    )


def _with_report(
    ticket: Ticket, message: FailureMessage, failure: Failure, archived: Archived
) -> tuple[Ticket, AuditEntry] | None:
    """The ticket with one more report about its run; None if it has it already."""
    if ticket.knows(message.report_key):
        return None
    report = report_of(failure, message.received_at, archived.name)
    new = msgspec.structs.replace(
        ticket,
        reports=fitting_reports([*ticket.reports, report]),
        report_keys=fitting_report_keys([*ticket.report_keys, report.key]),
        runs=fitting_runs([*ticket.runs, *failure.runs]),
        links=fitting_links([*ticket.links, *failure.links]),
        version=ticket.version + 1,
    )
    added = entry(
        ticket.id,
        "Report Added",
        user="assistant",
        origin=ticket.processing_mode,
        at=clock.now(),
        details=": ".join(filter(None, [report.title, report.message[:500]])) + f" [payload: {archived.name}]",
    )
    return new, added
