"""A ticket of the running app that a model has explained, with a log of any size behind its quotes."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import msgspec

from rca_core.diagnosis.diagnosis import (
    Diagnosis,
    DocumentNote,
    Dropped,
    Evidence,
    ModelUse,
    Recalled,
    Verification,
)
from rca_core.diagnosis.draft import FailurePoint, Hypothesis, SimilarIncident
from rca_core.foundation import clock
from rca_core.foundation.failure import Link
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket, with_diagnosis
from tests.support.app import App

QUOTE = "java.lang.OutOfMemoryError: Java heap space"
COMMAND = "databricks jobs repair-run 77 --rerun-all-failed-tasks"


def failed_task(app: App, **given: Any) -> str:
    """A task of Airflow failed; returns the id of its ticket, which is there."""
    body = {
        "dag_id": "nightly_orders",
        "task_id": f"load_{uuid4().hex[:6]}",
        "run_id": f"scheduled__{uuid4().hex}",
        "try_number": 1,
        "exception": "psycopg2.OperationalError: could not connect to server: Connection refused",
        **given,
    }
    answer = app.post("/airflow-monitor", body)
    assert answer.status_code == 202, answer.text
    return str(app.ticket(answer.json()["ticket_id"])["id"])


def log_with_quote(lines: int, at: int) -> str:
    """A driver's log of so many lines; the quote stands on line `at`, counted from 1."""
    text = [
        f"2026-11-23T02:{n // 60 % 60:02}:{n % 60:02}Z INFO executor {n} wrote part {n} of orders"
        for n in range(1, lines + 1)
    ]
    text[at - 1] = f"2026-11-23T02:15:01Z ERROR {QUOTE}"
    return "\n".join(text)


def explain(
    storage: Storage, ticket_id: str, log: str, *, line: int, links: Iterable[Link] = (), **changes: Any
) -> None:
    """Puts a model's diagnosis on the ticket that quotes this line of this log as `D2`, and these links."""
    name = f"{ticket_id}/driver.txt"
    archive.archive_text(storage, name, log)

    def explained(ticket: Ticket) -> tuple[Ticket, AuditEntry]:
        diagnosis = msgspec.structs.replace(_diagnosis(ticket, name, log, line), **changes)
        new = with_diagnosis(ticket, diagnosis)
        new = msgspec.structs.replace(new, links=[*ticket.links, *links], version=ticket.version + 1)
        return new, entry(
            ticket.id,
            "Diagnosis Updated",
            user="assistant",
            origin="gemini",
            at=clock.now(),
            details=diagnosis.engine_reason,
        )

    TicketStore(storage).change(ticket_id, explained)


def _diagnosis(ticket: Ticket, name: str, log: str, line: int) -> Diagnosis:
    """As a model answers, and the checks leave it."""
    report = ticket.diagnosis.documents[0]
    return msgspec.structs.replace(
        ticket.diagnosis,
        cause="Task load ran out of memory on the driver while it collected all rows of orders_raw.",
        recommendations=(
            f"A rerun without a change will fail again: the same work needs the same memory. The command: `{COMMAND}`"
            " (a run that was repaired before needs `--latest-repair-id` too)",
            "Open the run page, then the failed task: https://adb-1.azuredatabricks.net/jobs/7/runs/77",
        ),
        confidence=0.7,
        confidence_why=(
            "0.20 for having read",
            "+0.35 the quote carries an error that the catalogue knows",
            "+0.15 quotes from two documents",
        ),
        engine="gemini",
        engine_reason="The model's answer stood up to the checks.",
        category="ResourceExhaustion",
        retryable=False,
        evidence=(
            Evidence(
                id="E1",
                quote=QUOTE,
                where="log",
                document="D2",
                line_start=line,
                line_end=line,
                shows="The driver's heap was full.",
            ),
            Evidence(
                id="E2",
                quote="Connection refused",
                where="message",
                document="D1",
                line_start=1,
                line_end=1,
                shows="What the task was told.",
            ),
        ),
        documents=(
            report,
            DocumentNote(
                id="D2", kind="databricks task output", archived=name, lines=log.count("\n") + 1, sent_lines=180
            ),
        ),
        verdict="likely",
        failure_point=FailurePoint(system="databricks", entity="nightly", step="load", attempt=2),
        hypotheses=(
            Hypothesis(
                statement="The driver ran out of memory.",
                mechanism="Loader.collect brings all rows to the driver.",
                category="ResourceExhaustion",
                fault_domain="user_code",
                supports=("E1",),
                contradicts=("E2",),
                would_be_wrong_if="The heap was far from full at 02:15.",
            ),
        ),
        next_checks=("Look at the driver's heap in the minutes before.",),
        missing=("The cluster's event log could not be read.",),
        similar=(SimilarIncident(incident_id=ticket.id, same_cause=True, why="The same error in the same task."),),
        verification=Verification(
            evidence_in=3,
            evidence_kept=2,
            dropped=(Dropped("E3", "The quote stands in no document."),),
            repairs=("E1: line 118 instead of 120",),
            rule_category="ResourceExhaustion",
            agrees_with_rules=True,
        ),
        model=ModelUse(
            model="gemini-flash-latest", prompt_version="3", tokens_in=5_120, tokens_out=640, latency_ms=2_300
        ),
        recalled=Recalled(
            ticket_id=ticket.id,
            at=ticket.timestamp,
            seen=3,
            resolution="Gave the driver 32 GB.",
            resolved_by="ann@example.com",
        ),
    )
