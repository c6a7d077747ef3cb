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
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.sources import parse
from rca_core.tickets import claims
from rca_core.tickets.store import TicketStore
from tests.support.app import App, wait_for
from tests.support.sizes import sized

RUNS = sized(500, 150)
REPORTED = sized(200, 80)


@pytest.fixture
def own_azurite(tmp_path: Path) -> Iterator[Azurite]:
    with Azurite(tmp_path / "azurite") as emulator:
        yield emulator


def airflow(run: str, exception: str = "boom") -> dict[str, object]:
    return {"dag_id": "d", "task_id": "t", "run_id": run, "try_number": 1, "exception": exception}


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
        with app.client() as client:
            wait_for(lambda: client.get("/api/health").status_code == 200, "health")


@pytest.mark.slow
def test_storage_that_accepts_calls_and_never_answers_is_a_503_within_five_seconds(
    own_azurite: Azurite, tmp_path: Path
) -> None:
    with App(own_azurite.connection_string, tmp_path) as app:
        with own_azurite.paused(), ThreadPoolExecutor(8) as pool:
            begun = time.monotonic()
            calls = [pool.submit(app.post, "/airflow-monitor", airflow(uuid4().hex)) for _ in range(8)]
            assert {call.result().status_code for call in calls} == {503}
            assert time.monotonic() - begun < 5, "the first call of a process makes what it needs, and hangs there"
        wait_for(lambda: app.post("/airflow-monitor", airflow("r")).status_code < 300, "storage to answer again")
        with own_azurite.paused():
            begun = time.monotonic()
            assert app.post("/airflow-monitor", airflow(uuid4().hex)).status_code == 503
            assert time.monotonic() - begun < 5


def test_a_table_that_somebody_deleted_is_made_again(own_azurite: Azurite, tmp_path: Path) -> None:
    storage = Storage(read_settings({"AzureWebJobsStorage": own_azurite.connection_string}).storage)
    with App(own_azurite.connection_string, tmp_path) as app:
        assert app.post("/airflow-monitor", airflow("before")).status_code == 202
        storage.table(claims.TABLE).delete_table()
        assert app.post("/airflow-monitor", airflow("after")).status_code == 503
        assert app.post("/airflow-monitor", airflow("after")).status_code == 202


@pytest.mark.slow
def test_hundreds_of_runs_at_once_are_as_many_tickets(own_azurite: Azurite, tmp_path: Path) -> None:
    with App(own_azurite.connection_string, tmp_path) as app, app.client() as client, ThreadPoolExecutor(50) as pool:
        of_people = app.get("/api/summary")["total_audits"]
        answers = list(pool.map(lambda n: client.post("/airflow-monitor", json=airflow(f"r{n}")), range(RUNS)))
        assert Counter(answer.status_code for answer in answers) == {202: RUNS}
        expected = {answer.json()["ticket_id"] for answer in answers}
        assert len(expected) == RUNS
        wait_for(lambda: app.get("/api/summary")["total_tickets"] == RUNS, f"{RUNS} tickets", seconds=60)
        listed = all_tickets(app)
        assert len(listed) == RUNS and set(listed) == expected
        summary = app.get("/api/summary")
        assert summary["by_status"] == {"open": RUNS}
        assert summary["total_audits"] - of_people == RUNS


@pytest.mark.slow
def test_killed_in_the_middle_and_started_again_nothing_is_lost_or_doubled(
    own_azurite: Azurite, tmp_path: Path
) -> None:
    app = App(own_azurite.connection_string, tmp_path, DEVHOST_QUEUE_VISIBILITY_SECONDS="3").start()
    answered: dict[str, str] = {}
    # Every third body waits in a blob, and a third of the runs are reported three times.
    text = {f"r{n}": "boom" if n % 3 else "boom " * 12_000 for n in range(REPORTED)}
    reports = [f"r{n}" for n in range(REPORTED) for _ in range(1 if n % 3 == 1 else 2)]

    def send(client: httpx.Client, run: str) -> None:
        """As senders do: again until there is a 2xx."""
        while True:
            try:
                answer = client.post("/airflow-monitor", json=airflow(run, text[run]))
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code < 300:
                assert answered.setdefault(run, answer.json()["ticket_id"]) == answer.json()["ticket_id"]
                return
            time.sleep(0.2)

    with app.client() as client, ThreadPoolExecutor(30) as pool:
        sending = [pool.submit(send, client, run) for run in reports]
        for so_far in (REPORTED // 5, REPORTED * 3 // 5):
            wait_for(lambda so_far=so_far: len(answered) >= so_far, f"{so_far} answers", seconds=60)  # type: ignore[misc]
            app.stop(signal.SIGKILL)
            app.start()
        for one in sending:
            one.result(60)
    wait_for(lambda: app.get("/api/summary")["total_tickets"] >= REPORTED, f"{REPORTED} tickets", seconds=60)
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
