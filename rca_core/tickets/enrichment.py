"""Asking the failing system what happened, and diagnosing again by rules with what it says."""

from collections.abc import Callable
from typing import Any

import msgspec

from rca_core.diagnosis import Classification, analyse
from rca_core.diagnosis.documents import report_text
from rca_core.diagnosis.redaction import Redactor
from rca_core.foundation import clock, logs
from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure, Source
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import sla
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.case import Case, enriched_case, evidence_text
from rca_core.tickets.severity import severity_of
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import (
    MOST_REPORTS_NOTED,
    PRIORITY_OF,
    SLA_SECONDS_OF,
    EvidenceNote,
    Ticket,
    fitting_entity,
    fitting_evidence,
    fitting_links,
    fitting_runs,
    ticket_message,
    with_diagnosis,
)


def enrich(storage: Storage, store: TicketStore, settings: Settings, ticket: Ticket, failure: Failure) -> Ticket:
    """Adds what the failing system says about a report to its ticket, with the rule-based diagnosis that follows.

    Safe to run again: the texts' blobs are overwritten, and a ticket takes the answer about a report once.
    """
    evidence = _masked(failure, _gather(settings, failure))
    given = [_note(ticket, failure, number, one) for number, one in enumerate(evidence)]
    for note, text in given:
        if note.archived:
            archive.archive_text(storage, note.archived, text)
    known = _joined(failure, evidence)
    archive.archive_known(storage, ticket.id, failure.report_key, msgspec.json.encode(known))
    case = enriched_case(ticket.id, failure, known, given)
    notes = [note for note, _ in given]
    ticket = store.change(ticket.id, lambda current: _with_evidence(current, failure, case, notes))
    logs.info("ticket-enriched", ticket_id=ticket.id, category=ticket.error_type, answers=len(evidence))
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


def _masked(failure: Failure, evidence: list[Evidence]) -> list[Evidence]:
    """The same without secrets, one secret with one placeholder in all of it, none that the report has already."""
    redactor = Redactor()
    redactor.redact(report_text(failure))
    return [msgspec.json.decode(redactor.redact_body(msgspec.json.encode(one)), type=Evidence) for one in evidence]


def _note(ticket: Ticket, failure: Failure, number: int, one: Evidence) -> tuple[EvidenceNote, str]:
    text = evidence_text(one)
    name = archive.evidence_name(ticket.id, failure.report_key, number) if text else None
    return EvidenceNote(failure.report_key, one.source, one.status, one.title[:200], one.note[:500], name), text


def _with_evidence(
    ticket: Ticket, failure: Failure, case: Case, notes: list[EvidenceNote]
) -> tuple[Ticket, AuditEntry] | None:
    if ticket.was_asked_about(failure.report_key):
        return None
    known = case.failure
    new = msgspec.structs.replace(
        ticket,
        asked=[*ticket.asked, failure.report_key][-MOST_REPORTS_NOTED:],
        evidence=fitting_evidence([*ticket.evidence, *notes]),
        affected_entity=fitting_entity({**known.entity, **ticket.affected_entity}),
        links=fitting_links([*known.links, *ticket.links]),
        runs=fitting_runs([*ticket.runs, *known.runs]),
        version=ticket.version + 1,
    )
    verdict = case.verdict
    told = known.log != failure.log or known.message != failure.message or known.error_code != failure.error_code
    learned = told and ticket.diagnosis.engine == "rules"
    learned = learned and (verdict.category != "Unknown" or ticket.error_type == "Unknown")
    if learned:
        new = _diagnosed(new, case, verdict)
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
    """The failure with the facts that the failing system adds: what the report says itself comes first."""
    said = [one for one in evidence if one.status == "data"]
    deepest = sorted(said, key=lambda one: one.source == "databricks run")
    entity: dict[str, Any] = {}
    for one in reversed(said):
        entity |= one.entity
    return msgspec.structs.replace(
        failure,
        message=failure.message or next((one.message for one in deepest if one.message), ""),
        error_code=failure.error_code or next((one.error_code for one in deepest if one.error_code), None),
        entity={**entity, **failure.entity},
        links=tuple(dict.fromkeys([*failure.links, *(link for one in said for link in one.links)])),
    )


def _diagnosed(ticket: Ticket, case: Case, verdict: Classification) -> Ticket:
    failure, diagnosis = case.failure, analyse(case.failure, verdict, case.documents)
    severity, reason = severity_of(failure, verdict.category)
    new = msgspec.structs.replace(
        with_diagnosis(ticket, diagnosis),
        message=ticket_message(failure),
        error_code=failure.error_code,
        fingerprint=case.fingerprint(),
        severity=severity,
        severity_reason=reason,
        priority=PRIORITY_OF[severity],
    )
    return sla.rescheduled(new, SLA_SECONDS_OF[severity], clock.now())
