"""A storm: a thousand runs fail for one reason, and the model is asked once at most."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests

from rca_core import sources
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import GeminiSettings, Settings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.tickets import intake, investigation
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.investigation import investigate
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.tickets.triage import triage
from tests.gemini.server import API_KEY, Asked, GeminiServer, Reply, answers, quoting
from tests.support.sizes import sized

MANY = sized(1_000, 200)
AT_ONCE = 8
TRACE = """Traceback (most recent call last):
  File "/opt/airflow/dags/orders.py", line 41, in load
    frame = frame.merge(customers, on="customer_key")
KeyError: 'customer_key is missing in landing_orders'"""


@pytest.fixture
def gemini() -> Iterator[GeminiServer]:
    """A model that thinks for a while, as models do, so that the others come while it does."""

    def after_a_while(asked: Asked) -> Reply:
        reply = answers(quoting("KeyError: '", category="DataError"))(asked)
        reply.delay = 1
        return reply

    with GeminiServer() as server:
        server.answer_with(after_a_while)
        yield server


@pytest.fixture
def settings(gemini: GeminiServer) -> Settings:
    return Settings(
        storage=StorageSettings(), dashboard_url="", gemini=GeminiSettings(api_key=API_KEY, base_url=gemini.url)
    )


@pytest.fixture
def backlog(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Queue, FailureMessage]]:
    """What is queued, instead of two queues; a message that is to come later comes after all that wait."""
    messages: list[tuple[Queue, FailureMessage]] = []

    def send(_storage: Storage, queue: Queue, message: FailureMessage, *, delay_seconds: int = 0) -> None:
        messages.append((queue, message))

    for module in (intake, investigation):
        monkeypatch.setattr(module, "send", send)
    return messages


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The requests to storage, by method and answer."""
    counted: Counter[str] = Counter()
    send = requests.Session.send

    def counting(session: requests.Session, request: Any, **options: Any) -> requests.Response:
        response = send(session, request, **options)
        counted[f"{request.method} {response.status_code}"] += 1
        return response

    monkeypatch.setattr(requests.Session, "send", counting)
    return counted


@pytest.mark.slow
def test_a_thousand_failures_of_one_kind_cost_one_call_at_most(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    gemini: GeminiServer,
    backlog: list[tuple[Queue, FailureMessage]],
    requested: Counter[str],
    record_property: Any,
) -> None:
    for _ in range(MANY):
        run = {"dag_id": "orders", "task_id": "load", "run_id": f"manual__{uuid4().hex}", "exception": TRACE}
        body = json.dumps(run).encode()
        intake.take(storage, "airflow", body, sources.parse("airflow", body))
    assert len(backlog) == MANY
    requested.clear()
    begun, tickets = time.monotonic(), dict[str, Ticket]()

    def deliver(queued: tuple[Queue, FailureMessage]) -> Ticket:
        queue, message = queued
        step = triage if queue == Queue.FAILURES else investigate
        return step(storage, store, settings, message)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        while backlog:
            waiting, backlog[:] = list(backlog), []
            tickets |= {ticket.id: ticket for ticket in pool.map(deliver, waiting)}

    seconds, count = time.monotonic() - begun, sum(requested.values())
    print(f"\n{MANY} failures: {seconds:.0f} s, {count / MANY:.1f} storage requests each, {dict(requested)}")
    record_property("seconds", round(seconds, 1))
    record_property("requests", count)
    assert len(tickets) == MANY
    assert len(gemini.asked) == 1
    engines = Counter(ticket.diagnosis.engine for ticket in tickets.values())
    assert engines == {"gemini": MANY}, {ticket.diagnosis.engine_reason for ticket in tickets.values()}
    reused = [ticket for ticket in tickets.values() if ticket.diagnosis.recalled]
    assert len(reused) == MANY - 1
    assert all("used again" in ticket.diagnosis.engine_reason for ticket in reused)
    assert all(ticket.explained and ticket.diagnosis.evidence for ticket in tickets.values())
