"""What the queue "failures" does: archive, classify, diagnose by rules, write the ticket, announce it."""

import msgspec

from rca_core.diagnosis import Diagnosis, analyse
from rca_core.diagnosis.redaction import Redactor
from rca_core.diagnosis.run_links import links_of
from rca_core.foundation import clock, logs
from rca_core.foundation.errors import PermanentError
from rca_core.foundation.failure import Failure, Link
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.integrations.archive import Archived
from rca_core.tickets import claims, held_bodies, owner_table, recall, unowned
from rca_core.tickets.announce import announce
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.case import Case, keep_report, reported_case
from rca_core.tickets.explanation import first_reason, recalled
from rca_core.tickets.intake import FailureMessage, failure_of
from rca_core.tickets.investigation import ask_for_more, needs_more
from rca_core.tickets.ownership import owner_of
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
    # A body in a blob is gone once it has been triaged: what comes again after that must find its ticket.
    known = None if message.first and message.body_blob is None else store.find(message.ticket_id)
    ticket = known or _create(storage, store, settings, message)
    if not ticket.is_about(message.run_hash):
        return triage(storage, store, settings, _under_another_id(storage, message))
    if not ticket.knows(message.report_key):
        ticket = _add_report(storage, store, settings, message)
    recall.note_occurrence(storage, ticket)
    unowned.note_unknown(storage, ticket)
    if len(ticket.report_keys) <= claims.MOST_RECORDED:
        claims.record(storage, message.run_hash, message.report_key)
    announce(storage, settings, ticket)
    ask_for_more(storage, settings, ticket, message)
    held_bodies.release(storage, store, message)
    return ticket


def _create(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    """The ticket made of the message, or the one that another delivery made of this id in the meantime."""
    failure, archived, masked = _failure_and_archive(storage, settings, message)
    case = reported_case(message.ticket_id, failure)
    diagnosis = _first_diagnosis(storage, store, settings, message.ticket_id, case)
    ticket = msgspec.structs.replace(
        _new_ticket(storage, settings, message, case, diagnosis, archived), redactions=masked
    )
    if not store.create(ticket, _created(ticket)):
        return store.get(message.ticket_id)
    heard = clock.from_iso(message.received_at)
    logs.info(
        "ticket-created",
        ticket_id=ticket.id,
        source=ticket.source,
        category=ticket.error_type,
        severity=ticket.severity,
        after_ms=round((clock.now() - heard).total_seconds() * 1000),
    )
    return ticket


def _first_diagnosis(storage: Storage, store: TicketStore, settings: Settings, ticket_id: str, case: Case) -> Diagnosis:
    """What helped before if this failure was seen and solved, else what the rules say."""
    by_rules = analyse(case.failure, case.verdict, case.documents)
    key = case.fingerprint()
    solved = recall.fix_of(store, recall.remembered(storage, key), ticket_id) if case.names_cause else None
    if key and solved:
        return recalled(by_rules, solved, recall.times_seen(storage, key, but_for=ticket_id))
    return first_reason(by_rules, settings)


def _add_report(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    failure, archived, _ = _failure_and_archive(storage, settings, message)
    return store.change(message.ticket_id, lambda ticket: _with_report(ticket, message, failure, archived))


def _under_another_id(storage: Storage, message: FailureMessage) -> FailureMessage:
    """Two runs of one second drew the same six characters: the one that comes second gets a new id."""
    claim = claims.find(storage, message.run_hash)
    held_id = claim.ticket_id if claim else message.ticket_id
    if held_id == message.ticket_id:
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
    ours = links_of(failure, settings.databricks_host, settings.airflow_base_url)
    failure = msgspec.structs.replace(failure, links=(*failure.links, *ours))
    archived = archive.archive(storage, message.ticket_id, message.report_key, redactor.redact_body(body))
    keep_report(storage, message.ticket_id, failure)
    if needs_more(settings, failure.source):
        archive.archive_failure(storage, message.ticket_id, message.report_key, msgspec.json.encode(failure))
    return failure, archived, redactor.counts


def _masked(redactor: Redactor, failure: Failure) -> Failure:
    """The failure without secrets; ids of runs and reports stay as they are, for the failing system to be asked by."""
    masked = msgspec.json.decode(redactor.redact_body(msgspec.json.encode(failure)), type=Failure)
    return msgspec.structs.replace(masked, report_key=failure.report_key, run_id=failure.run_id, runs=failure.runs)


def _body(storage: Storage, message: FailureMessage) -> bytes:
    if message.body is not None:
        return message.body.encode()
    body = archive.held(storage, message.body_blob or "")
    if body is None:
        raise PermanentError(f"The body kept for ticket {message.ticket_id} is gone: {message.body_blob}.")
    return body


def _new_ticket(
    storage: Storage, settings: Settings, message: FailureMessage, case: Case, diagnosis: Diagnosis, archived: Archived
) -> Ticket:
    failure = case.failure
    severity, severity_reason = severity_of(failure, diagnosis.category)
    owner = owner_of(owner_table.current_rules(storage), failure)
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
        error_type=diagnosis.category,
        error_code=failure.error_code,
        retryable=diagnosis.retryable,
        affected_entity=fitting_entity(failure.entity),
        labels=fitting_labels(failure.labels),
        sla_seconds=SLA_SECONDS_OF[severity],
        sla_due=sla_due(message.claimed_at, SLA_SECONDS_OF[severity]),
        links=_links(settings, message.ticket_id, failure, diagnosis.docs),
        runs=fitting_runs(list(failure.runs)),
        reports=[report_of(failure, message.received_at, archived.name)],
        report_keys=[message.report_key],
        occurred_at=failure.occurred_at,
        finops_team=owner.team,
        finops_owner=owner.owner,
        finops_cost_center=owner.cost_center,
        owner_reason=owner.decided_by,
        diagnosis=diagnosis,
        fingerprint=case.fingerprint(),
        blob_log_url=archived.url,
    )


def _links(settings: Settings, ticket_id: str, failure: Failure, docs: tuple[str, ...]) -> list[Link]:
    payload = Link("payload", f"{settings.dashboard_url}/api/tickets/{ticket_id}/log")
    return [*fitting_links(list(failure.links)), payload, *(Link("docs", url) for url in docs)]


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
