"""Storage that is away, and hosts that are killed: nothing that was answered 2xx is lost, nothing is made twice."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from devhost.azurite import Azurite
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import read_settings, settings
from rca_core.foundation.storage import Storage
from rca_core.sources import parse
from rca_core.tickets import claims, intake
from rca_core.tickets.store import TicketStore
from tests.support.app import App, wait_for


@pytest.fixture
def own_azurite(tmp_path: Path) -> Iterator[Azurite]:
    with Azurite(tmp_path / "azurite") as emulator:
        yield emulator


def airflow(run: str) -> dict[str, object]:
    return {"dag_id": "d", "task_id": "t", "run_id": run, "try_number": 1, "exception": "boom"}


def all_tickets(app: App) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = app.get("/api/tickets", limit=200, **({"cursor": cursor} if cursor else {}))
        found += [ticket["id"] for ticket in page["items"]]
        cursor = page["next_cursor"]
    return found


@pytest.mark.slow
def test_storage_away_is_a_503_within_five_seconds_and_the_retry_succeeds(own_azurite: Azurite, tmp_path: Path) -> None:
    with App(own_azurite.connection_string, tmp_path) as app:
        body = airflow(uuid4().hex)
        assert app.post("/airflow-monitor", airflow("before")).status_code == 202
        own_azurite.stop()
        for call in (
            lambda: app.post("/airflow-monitor", body),
            lambda: app.post("/azure-monitor", {"schema": "rca.adf/1", "pipeline": "p", "run_id": "x" * 60_000}),
        ):
            begun = time.monotonic()
            answer = call()
            assert time.monotonic() - begun < 5
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == "application/problem+json"
        with app.client() as client:
            health = client.get("/api/health")
            assert (health.status_code, health.json()["parts"]["storage"]) == (503, "down")
        own_azurite.start()
        retry = wait_for(lambda: (a := app.post("/airflow-monitor", body)).status_code < 300 and a, "storage")
        assert app.ticket(retry.json()["ticket_id"])["run_id"] == body["run_id"]
        assert app.get("/api/health")["status"] == "ok"


@pytest.mark.slow
def test_five_hundred_runs_are_five_hundred_tickets(own_azurite: Azurite, tmp_path: Path) -> None:
    with App(own_azurite.connection_string, tmp_path) as app, app.client() as client, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: client.post("/airflow-monitor", json=airflow(f"r{n}")), range(500)))
        assert Counter(answer.status_code for answer in answers) == {202: 500}
        expected = {answer.json()["ticket_id"] for answer in answers}
        assert len(expected) == 500
        wait_for(lambda: app.get("/api/summary")["total_tickets"] == 500, "500 tickets", seconds=60)
        listed = all_tickets(app)
        assert len(listed) == 500 and set(listed) == expected
        summary = app.get("/api/summary")
        assert summary["by_status"] == {"open": 500}
        assert summary["total_audits"] == 500


@pytest.mark.slow
def test_killed_in_the_middle_and_started_again_nothing_is_lost_or_doubled(
    own_azurite: Azurite, tmp_path: Path
) -> None:
    app = App(own_azurite.connection_string, tmp_path, DEVHOST_QUEUE_VISIBILITY_SECONDS="3").start()
    answered: dict[str, str] = {}

    def send(client: httpx.Client, run: str) -> None:
        """As senders do: again until there is a 2xx."""
        while run not in answered:
            try:
                answer = client.post("/airflow-monitor", json=airflow(run))
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code < 300:
                answered[run] = answer.json()["ticket_id"]
            else:
                time.sleep(0.2)

    with app.client() as client, ThreadPoolExecutor(30) as pool:
        sending = [pool.submit(send, client, f"r{n}") for n in range(300)]
        for so_far in (60, 180):
            wait_for(lambda so_far=so_far: len(answered) >= so_far, f"{so_far} answers", seconds=60)  # type: ignore[misc]
            app.stop(signal.SIGKILL)
            app.start()
        for one in sending:
            one.result(60)
    wait_for(lambda: app.get("/api/summary")["total_tickets"] >= 300, "300 tickets", seconds=60)
    listed = all_tickets(app)
    assert Counter(listed) == Counter(answered.values())
    for ticket_id in listed:
        ticket = app.ticket(ticket_id)
        assert len(ticket["reports"]) == 1
        assert [entry["action"] for entry in ticket["audit"]] == ["Ticket Created"]
    app.stop()


def test_a_crash_between_claim_and_queue_heals_on_the_senders_retry(app: App, azurite: Azurite) -> None:
    storage = Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)
    body = airflow(uuid4().hex)
    (failure,) = parse("airflow", httpx.Request("POST", "http://x", json=body).content)
    lost = claims.claim(storage, failure)  # type: ignore[arg-type]
    assert TicketStore(storage).find(lost.ticket_id) is None

    retry = app.post("/airflow-monitor", body)
    assert (retry.status_code, retry.json()) == (
        200,
        {"status": "duplicate", "ticket_id": lost.ticket_id, "run_id": body["run_id"]},
    )
    assert app.ticket(lost.ticket_id)["run_id"] == body["run_id"]


class Died(Exception):
    """Stands for the process's death."""


STEPS = ["archive.archive", "TicketStore.create", "claims.record", "announce"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_triage_that_dies_anywhere_is_finished_by_the_next_delivery(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    from rca_core.tickets import triage as module

    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string)
    settings.cache_clear()
    storage = Storage(settings().storage)
    store = TicketStore(storage)
    queued: list[intake.FailureMessage] = []
    monkeypatch.setattr(intake, "send", lambda _storage, _queue, message: queued.append(message))
    body = httpx.Request("POST", "http://x", json=airflow(uuid4().hex)).content
    intake.take(storage, "airflow", body, parse("airflow", body))
    (message,) = queued

    holder, _, name = step.rpartition(".")
    owner = getattr(module, holder) if holder else module
    real = getattr(owner, name)

    def dying(*args: object, **options: object) -> object:
        if when == "after":
            real(*args, **options)
        raise Died

    with monkeypatch.context() as death:
        death.setattr(owner, name, dying)
        with pytest.raises(Died):
            module.triage(storage, store, settings(), message)
    ticket = module.triage(storage, store, settings(), message)

    again = module.triage(storage, store, settings(), message)
    assert again == ticket == store.get(ticket.id)
    assert len(ticket.reports) == 1
    assert [entry.action for entry in store.audit_of(ticket.id)] == ["Ticket Created"]
    assert Queue.FAILURES == "failures"
    settings.cache_clear()


def test_two_runs_that_drew_the_same_ticket_id_are_two_tickets(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rca_core.tickets import triage as module

    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string)
    settings.cache_clear()
    storage = Storage(settings().storage)
    store = TicketStore(storage)
    queued: list[intake.FailureMessage] = []
    monkeypatch.setattr(intake, "send", lambda _storage, _queue, message: queued.append(message))
    monkeypatch.setattr(claims, "new_ticket_id", lambda source, at: f"ARF-20261120T120000-{prefix}")
    prefix = uuid4().hex[:6]
    runs = [uuid4().hex, uuid4().hex]
    for run in runs:
        body = httpx.Request("POST", "http://x", json=airflow(run)).content
        intake.take(storage, "airflow", body, parse("airflow", body))
    assert queued[0].ticket_id == queued[1].ticket_id

    first, second = (module.triage(storage, store, settings(), message) for message in queued)
    assert (first.run_id, second.run_id) == tuple(runs)
    assert first.id != second.id
    assert module.triage(storage, store, settings(), queued[1]).id == second.id
    settings.cache_clear()
