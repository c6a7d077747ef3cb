"""What the queue "diagnoses" does: ask the failing system what happened, and diagnose again with what it says."""

from collections.abc import Callable
from typing import Any

import msgspec

from rca_core.diagnosis import Classification, Diagnosis, analyse, classify
from rca_core.diagnosis.redaction import Redactor
from rca_core.foundation import clock, logs
from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure, Source
from rca_core.foundation.queues import Queue, send
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets.announce import announce
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.severity import severity_of
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import (
    PRIORITY_OF,
    SLA_SECONDS_OF,
    EvidenceNote,
    Ticket,
    fitting_entity,
    fitting_evidence,
    fitting_links,
    fitting_runs,
    sla_due,
    ticket_message,
)


def ask_for_evidence(storage: Storage, settings: Settings, ticket: Ticket, message: FailureMessage) -> None:
    """Queues the question to the failing system, if the settings say where it is and it has not been asked."""
    if can_be_asked(settings, ticket.source) and not ticket.was_asked_about(message.report_key):
        send(storage, Queue.DIAGNOSES, msgspec.structs.replace(message, body=None, body_blob=None, ticket_id=ticket.id))


def enrich(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    """Adds what the failing system says about a report to its ticket, with the diagnosis that follows.

    Safe to run again: the texts' blobs are overwritten, and a ticket takes the answer about a report once.
    """
    ticket = store.get(message.ticket_id)
    kept = archive.archived_failure(storage, ticket.id, message.report_key)
    if kept is not None and not ticket.was_asked_about(message.report_key):
        failure = msgspec.json.decode(kept, type=Failure)
        evidence = _masked(_gather(settings, failure))
        notes = [_note(storage, ticket, message.report_key, number, one) for number, one in enumerate(evidence)]
        ticket = store.change(
            ticket.id, lambda current: _with_evidence(current, message.report_key, failure, evidence, notes)
        )
        logs.info("ticket-enriched", ticket_id=ticket.id, category=ticket.error_type, answers=len(evidence))
    announce(storage, settings, ticket)
    return ticket


def can_be_asked(settings: Settings, source: Source) -> bool:
    """Whether the settings say where the failing system is and how to get in."""
    return bool(
        {
            "databricks": settings.databricks_token,
            "adf": settings.management_url,
            "airflow": settings.airflow_token,
        }.get(source)
    )


def _gather(settings: Settings, failure: Failure) -> list[Evidence]:
    from rca_core.integrations import airflow, data_factory, databricks

    if failure.source == "databricks":
        return databricks.fetch(settings.databricks_host, settings.databricks_token, failure)
    if failure.source == "adf":
        return data_factory.fetch(settings.management_url, _management_token(settings), failure)
    return airflow.fetch(settings.airflow_base_url, settings.airflow_token, failure)


def _management_token(settings: Settings) -> Callable[[], str]:
    def token() -> str:
        from azure.identity import DefaultAzureCredential

        credential = DefaultAzureCredential(managed_identity_client_id=settings.management_client_id)
        return credential.get_token(f"{settings.management_url}/.default").token

    return token


def _masked(evidence: list[Evidence]) -> list[Evidence]:
    """The same without secrets, one secret with one placeholder in all of it."""
    redactor = Redactor()

    def mask(value: Any) -> Any:
        return redactor.redact(value) if isinstance(value, str) else value

    return [
        msgspec.structs.replace(
            one,
            text=mask(one.text),
            message=mask(one.message),
            note=mask(one.note),
            title=mask(one.title),
            entity={name: mask(value) for name, value in one.entity.items()},
        )
        for one in evidence
    ]


def _note(storage: Storage, ticket: Ticket, report_key: str, number: int, one: Evidence) -> EvidenceNote:
    name = archive.archive_evidence(storage, ticket.id, report_key, number, one.text) if one.text else None
    return EvidenceNote(report_key, one.source, one.status, one.title[:200], one.note[:500], name)


def _with_evidence(
    ticket: Ticket, report_key: str, failure: Failure, evidence: list[Evidence], notes: list[EvidenceNote]
) -> tuple[Ticket, AuditEntry] | None:
    if ticket.was_asked_about(report_key):
        return None
    known = _joined(failure, evidence)
    new = msgspec.structs.replace(
        ticket,
        evidence=fitting_evidence([*ticket.evidence, *notes]),
        affected_entity=fitting_entity({**known.entity, **ticket.affected_entity}),
        links=fitting_links([*known.links, *ticket.links]),
        runs=fitting_runs([*ticket.runs, *known.runs]),
        version=ticket.version + 1,
    )
    verdict = classify(known.source, known.error_code, known.message, known.log)
    learned = known != failure and (verdict.category != "Unknown" or ticket.error_type == "Unknown")
    if learned:
        new = _diagnosed(new, known, verdict, analyse(known, verdict))
    changed = entry(
        ticket.id,
        "Diagnosis Updated" if learned else "Evidence Asked For",
        user="assistant",
        origin=ticket.processing_mode,
        at=clock.now(),
        details="; ".join(f"{note.source}: {note.note or note.status}" for note in notes)[:2_000],
        old=ticket.error_type,
        new=new.error_type,
    )
    return new, changed


def _joined(failure: Failure, evidence: list[Evidence]) -> Failure:
    """The failure with what the failing system adds: what the report says itself comes first."""
    said = [one for one in evidence if one.status == "data"]
    deepest = sorted(said, key=lambda one: one.source == "databricks run")
    texts = [text for text in (failure.log, *(one.text for one in deepest)) if text]
    entity: dict[str, Any] = {}
    for one in reversed(said):
        entity |= one.entity
    return msgspec.structs.replace(
        failure,
        message=failure.message or next((one.message for one in deepest if one.message), ""),
        error_code=failure.error_code or next((one.error_code for one in deepest if one.error_code), None),
        log="\n".join(texts) or None,
        entity={**entity, **failure.entity},
        links=tuple(dict.fromkeys([*failure.links, *(link for one in said for link in one.links)])),
    )


def _diagnosed(ticket: Ticket, failure: Failure, verdict: Classification, diagnosis: Diagnosis) -> Ticket:
    severity, reason = severity_of(failure, verdict.category)
    return msgspec.structs.replace(
        ticket,
        message=ticket_message(failure),
        error_code=failure.error_code,
        error_type=verdict.category,
        retryable=verdict.retryable,
        rca_result=diagnosis.cause,
        recommendations=list(diagnosis.recommendations),
        confidence=diagnosis.confidence,
        diagnosis=diagnosis,
        severity=severity,
        severity_reason=reason,
        priority=PRIORITY_OF[severity],
        sla_seconds=SLA_SECONDS_OF[severity],
        sla_due=sla_due(ticket.timestamp, SLA_SECONDS_OF[severity]),
    )
