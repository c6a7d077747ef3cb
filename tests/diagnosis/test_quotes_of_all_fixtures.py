"""Every quote on a stored diagnosis stands in the archived document that it names, at the lines that it names.

Over every payload and every labelled error there is, through triage and investigation on real storage: the
rules' quotes of all (of every third, unless FULL_SIZE=1), the model's of every eighth of them.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rca_core import sources
from rca_core.foundation.failure import Failure
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import GeminiSettings, Settings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.sources import Sender
from rca_core.tickets import announce, intake, investigation
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.investigation import investigate
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.tickets.triage import triage
from tests.gemini.server import API_KEY, Asked, GeminiServer, Reply, answers, quoting, said
from tests.sources.samples import OWN, SHARED, sender_of
from tests.support.scoring import Case, labelled
from tests.support.sizes import sized
from tests.tickets.conftest import storage, store

__all__ = ["storage", "store"]

COLLECTED = OWN.parent / "errors" / "collected.jsonl"
AT_ONCE = 8
# The model is asked about one of so many: an analysis takes longer than a ticket.
EVERY = 8
# More than the analyses of one day are allowed to cost.
PLENTY = 100_000


class Told(NamedTuple):
    """What a sender says, and what the test calls it."""

    name: str
    sender: Sender
    body: bytes


def payloads(folder: Path) -> list[Told]:
    """Those that report failures; what Jira and Slack send comes in by other doors."""
    paths = [path for path in sorted(folder.glob("*.json")) if not path.stem.startswith(("jira", "slack"))]
    return [Told(path.stem, sender_of(path.stem), path.read_bytes()) for path in paths]


def told(case: Case) -> Told:
    """A labelled error as its sender would tell it; one of no sender's comes from Airflow, which sends logs as well."""
    error, code, log = case.get("message") or "", case.get("error_code") or "", case.get("log") or ""
    if case["source"] == "adf" and not log:
        sender: Sender = "azure-monitor"
        body: Any = {"schema": "rca.adf/1", "data_factory": "adf-sales", "pipeline": "pl_load", "run_id": case["id"]}
        body |= {"error": {"errorCode": code, "message": error}}
    elif case["source"] == "databricks":
        sender = "databricks"
        state = {"life_cycle_state": "INTERNAL_ERROR", "result_state": code or "FAILED", "state_message": error}
        body = {"event": "job_failed", "run": {"run_id": case["id"], "job_id": 7, "state": state}, "error_trace": log}
    else:
        sender = "airflow"
        body = {"dag_id": "nightly", "task_id": "load", "run_id": case["id"], "exception": error or code, "log": log}
    return Told(case["id"], sender, json.dumps(body).encode())


def everything() -> Iterator[Told]:
    yield from payloads(OWN)
    yield from map(told, labelled(COLLECTED))
    if SHARED.is_dir():
        yield from payloads(SHARED)
        yield from map(told, labelled(SHARED.parent / "errors.jsonl"))


@pytest.fixture
def settings(gemini: GeminiServer) -> Settings:
    model = GeminiSettings(API_KEY, base_url=gemini.url, daily_calls=PLENTY, daily_tokens=PLENTY * PLENTY)
    return Settings(storage=StorageSettings(), dashboard_url="", gemini=model)


@pytest.fixture
def gemini() -> Iterator[GeminiServer]:
    with GeminiServer() as server:
        server.answer_with(quoting_if_it_can)
        yield server


def quoting_if_it_can(asked: Asked) -> Reply:
    """The most telling line is quoted; where none is long enough, the model has nothing to say."""
    lines = [line for document in asked.documents.values() for line in document.lines.values()]
    return answers(quoting())(asked) if any(len(line.strip()) >= 12 for line in lines) else said("There is nothing.")


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, FailureMessage]]:
    """What would be queued, instead of a queue."""
    messages: list[tuple[str, FailureMessage]] = []

    def send(_storage: Storage, queue: Queue, message: FailureMessage, *, delay_seconds: int = 0) -> None:
        messages.append((queue, message))

    for module in (intake, investigation, announce):
        monkeypatch.setattr(module, "send", send)
    return messages


def wrong_quotes(storage: Storage, ticket: Ticket) -> list[str]:
    """The quotes that are not where the ticket says."""
    documents = {note.id: note.archived for note in ticket.diagnosis.documents}
    wrong = []
    for evidence in ticket.diagnosis.evidence:
        kept = archive.archived(storage, documents.get(evidence.document, ""))
        lines = [] if kept is None else kept.decode().split("\n")
        if evidence.quote not in "\n".join(lines[evidence.line_start - 1 : evidence.line_end]) or not evidence.quote:
            wrong.append(f"{evidence} of {ticket.title}: {documents}")
    return wrong


@pytest.mark.slow
def test_every_quote_of_rules_and_model_stands_in_the_archive(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    queued: list[tuple[str, FailureMessage]],
    record_property: Any,
) -> None:
    for one in islice(everything(), 0, None, sized(1, 3)):
        events = sources.parse(one.sender, one.body)
        intake.take(storage, one.sender, one.body, [event for event in events if isinstance(event, Failure)])

    def delivered(queue: Queue, step: Any, every: int = 1) -> list[Ticket]:
        messages = [message for name, message in queued if name == queue][::every]
        queued.clear()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            tickets = list(pool.map(lambda message: step(storage, store, settings, message), messages))
        wrong = [line for ticket in tickets for line in wrong_quotes(storage, ticket)]
        assert not wrong, "\n".join(wrong)
        return tickets

    by_rules = delivered(Queue.FAILURES, triage)
    asked = delivered(Queue.DIAGNOSES, investigate, every=EVERY)
    by_model = [ticket for ticket in asked if ticket.diagnosis.engine == "gemini"]
    quotes = {
        "by rules": sum(len(ticket.diagnosis.evidence) for ticket in by_rules),
        "by the model": sum(len(ticket.diagnosis.evidence) for ticket in by_model),
    }
    print(f"\n{len(by_rules)} tickets, {len(by_model)} of {len(asked)} explained by the model; quotes: {quotes}")
    record_property("quotes", quotes)
    assert len(by_rules) > sized(300, 100) and quotes["by rules"] > len(by_rules) / 2
    assert len(by_model) > len(asked) / 2 and quotes["by the model"] >= len(by_model)
    if not SHARED.is_dir():
        pytest.skip(f"passed, without the labelled cases: no {SHARED}, set RCA_CASES")
