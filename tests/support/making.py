"""Tickets and failures with everything filled in; a test states only what it is about."""

from datetime import UTC, datetime
from typing import Any

from rca_core.diagnosis.diagnosis import Diagnosis
from rca_core.foundation import clock
from rca_core.foundation.failure import Failure
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.ticket import (
    PRIORITY_OF,
    SLA_SECONDS_OF,
    Report,
    Ticket,
    new_ticket_id,
    processing_mode,
    sla_due,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_failure(**given: Any) -> Failure:
    """A Data Factory failure."""
    fields: dict[str, Any] = {
        "source": "adf",
        "run_key": ("adf", "adf-sales", "run-1"),
        "report_key": "r1",
        "pipeline": "pl_orders",
        "title": "pl_orders failed",
        "message": "Login failed for user 'etl'.",
    }
    return Failure(**{**fields, **given})


def make_diagnosis(**given: Any) -> Diagnosis:
    """A rule-based diagnosis."""
    fields: dict[str, Any] = {
        "cause": "The password is wrong.",
        "recommendations": ("Check the password.",),
        "confidence": 0.9,
        "engine": "rules",
        "engine_reason": "a test says so",
        "category": "AuthenticationError",
        "retryable": False,
        "reason": "a test says so",
    }
    return Diagnosis(**{**fields, **given})


def make_ticket(at: datetime = NOON, **given: Any) -> Ticket:
    """A ticket made at `at`."""
    source = given.get("source", "adf")
    severity = given.get("severity", "Medium")
    stamp = clock.to_iso(at)
    fields: dict[str, Any] = {
        "id": new_ticket_id(source, at),
        "timestamp": stamp,
        "source": source,
        "processing_mode": processing_mode(source),
        "title": "pl_orders failed",
        "pipeline": "pl_orders",
        "run_id": "run-1",
        "run_hash": "ab" * 32,
        "message": "Login failed for user 'etl'.",
        "rca_result": "The password is wrong.",
        "recommendations": ["Check the password.", "Rerun the pipeline."],
        "confidence": 0.9,
        "severity": severity,
        "severity_reason": "a test says so",
        "priority": PRIORITY_OF[severity],
        "error_type": "AuthenticationError",
        "error_code": None,
        "retryable": False,
        "affected_entity": {"factory": "adf-sales", "attempt": 2},
        "sla_seconds": SLA_SECONDS_OF[severity],
        "sla_due": sla_due(stamp, SLA_SECONDS_OF[severity]),
        "diagnosis": make_diagnosis(),
        "reports": [Report("r1", stamp, "pl_orders failed", "Login failed", None, {}, "2026-11/x.json")],
    }
    return Ticket(**{**fields, **given})


def made(ticket: Ticket) -> AuditEntry:
    """The audit entry of a new ticket."""
    return entry(
        ticket.id,
        "Ticket Created",
        user="assistant",
        origin=ticket.processing_mode,
        at=clock.from_iso(ticket.timestamp),
        new="open",
    )
