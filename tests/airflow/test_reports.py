"""What RcaNotifier makes of contexts as Airflow gives them: tickets at the running app. Airflow is not needed."""

import asyncio
import time
from typing import Any

import pytest
import rca_notifier
from rca_notifier import RcaNotifier

from tests.airflow.conftest import line, ticket
from tests.airflow.contexts import BOTH, Context, airflow2, airflow3, of_dag, of_dag_alone, raised
from tests.support.app import App

pytestmark = pytest.mark.usefixtures("log", "pauses")


@pytest.mark.parametrize("version", BOTH)
def test_a_failed_task_becomes_a_ticket(
    version: str, notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture
) -> None:
    context = BOTH[version](raised(ConnectionRefusedError("[Errno 111] Connection refused: warehouse:5432")))
    notifier(context)
    made = ticket(app, log)
    entity = made["affected_entity"]
    assert made["source"] == "airflow"
    assert made["pipeline"] == f"{context['ti'].dag_id}/load.copy"
    assert made["run_id"] == "scheduled__2026-03-01T02:00:00+00:00"
    assert made["error_type"] == "NetworkError"
    assert made["error_code"] == "ConnectionRefusedError"
    assert made["labels"] == {"owner": "harbour-data", "tags": "prod, tides"}
    assert (entity["try_number"], entity["max_tries"], entity["operator"]) == ("2", 1, "PythonOperator")
    assert (entity["start_date"], entity["logical_date"]) == ("2026-03-01T02:00:05+00:00", "2026-03-01T02:00:00+00:00")
    assert entity["duration"] > 3
    assert "map_index" not in entity
    archived = app.get(f"/api/tickets/{made['id']}/log")
    assert "in raised" in str(archived)
    assert "params-7" not in str(archived) and "conf-7" not in str(archived)


@pytest.mark.parametrize("version", BOTH)
def test_mapped_tasks_and_tries_have_tickets_of_their_own(
    version: str, notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture
) -> None:
    one = BOTH[version](raised(KeyError("tide")), map_index=4)
    notifier(one)
    made = ticket(app, log)
    assert made["affected_entity"]["map_index"] == "4"
    assert "[4]" in made["title"]
    others = set()
    for change in ({"map_index": 5}, {"map_index": 4, "try_number": 3}):
        vars(one["ti"]).update(change)
        log.clear()
        notifier(one)
        others.add(ticket(app, log)["id"])
    assert len(others | {made["id"]}) == 3


def test_what_is_reported_twice_is_one_ticket(notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture) -> None:
    context = airflow3(raised(KeyError("tide")))
    notifier(context)
    first = ticket(app, log)
    log.clear()
    notifier(context)
    assert ticket(app, log)["id"] == first["id"]
    assert "duplicate" in line(log)


@pytest.mark.parametrize("context", [of_dag(), of_dag_alone()], ids=["with a task instance", "alone"])
def test_a_failed_run_becomes_a_ticket(
    context: Context, notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture
) -> None:
    notifier(context)
    made = ticket(app, log)
    assert made["pipeline"] == context["dag"].dag_id
    assert made["run_id"] == context["run_id"]
    assert made["message"] == "task_failure"
    assert "task_id" not in made["affected_entity"]
    assert made["labels"] == {"owner": "harbour-data", "tags": "prod, tides"}


def test_a_missed_deadline_becomes_a_ticket(notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture) -> None:
    """In Airflow 3's triggerer, which gives plain values and awaits."""
    run = {"dag_id": "harbour", "dag_run_id": f"manual__{time.time_ns()}", "state": "running"}
    asyncio.run(notifier.async_notify({"dag_run": run, "deadline": {"id": "7"}}))
    made = ticket(app, log)
    assert (made["pipeline"], made["run_id"]) == ("harbour", run["dag_run_id"])
    assert made["message"] == "deadline_missed"


class SensorTimedOut(Exception):
    pass


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


PROBLEMS: dict[str, tuple[Any, str | None, str]] = {
    "a sensor's": (raised(SensorTimedOut("Sensor has timed out")), f"{__name__}.SensorTimedOut", "Sensor has timed"),
    "text": ("State of this instance has been externally set to failed", None, "State of this instance has been"),
    "text that names it": ("OSError: disk full", "OSError", "disk full"),
    "no text": (raised(ValueError()), "ValueError", "ValueError"),
    "none": (None, None, ""),
    "never raised": (KeyError("tide"), "KeyError", "'tide'"),
    "unprintable": (raised(Unprintable()), f"{__name__}.Unprintable", f"{__name__}.Unprintable"),
    "an exit": (raised(SystemExit(3)), "SystemExit", "3"),
    "broken characters": (raised(ValueError("\udcff\x00")), "ValueError", "?"),
}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_whatever_stands_for_the_exception(
    kind: str, notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture
) -> None:
    problem, code, message = PROBLEMS[kind]
    notifier(airflow3(problem))
    made = ticket(app, log)
    assert made["error_code"] == code
    assert message in made["message"]


def test_a_run_without_logical_date_and_a_task_that_was_killed(
    notifier: RcaNotifier, app: App, log: pytest.LogCaptureFixture
) -> None:
    """What Airflow 3's DAG processor knows of it is little."""
    context = airflow3()
    del context["exception"], context["logical_date"], context["ti"].start_date, context["ti"].end_date
    context["dag_run"].logical_date = None
    notifier(context)
    entity = ticket(app, log)["affected_entity"]
    assert entity["task_id"] == "load.copy"
    assert "logical_date" not in entity and "duration" not in entity


def test_airflow_2_9_counts_the_next_try_once_a_task_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rca_notifier, "_airflow_version", lambda: "2.9.3")
    assert rca_notifier.report_of(airflow2("boom", _try_number=2, try_number=3))["try_number"] == 2


def test_of_a_long_traceback_the_end_is_sent(log: pytest.LogCaptureFixture) -> None:
    def deep(levels: int) -> None:
        if levels:
            deeper(levels)
        raise ValueError("x" * 5_000 + "the end")

    def deeper(levels: int) -> None:
        deep(levels - 1)

    try:
        deep(200)
    except ValueError as error:
        sent = rca_notifier.report_of(airflow2(error))["exception"]["traceback"]
    assert 5_000 < len(sent) <= 8_192
    assert sent.endswith("the end\n")
    assert sent.startswith("  ")


class Broken:
    """A task instance that asks a database that is gone."""

    dag_id = "tides"
    task_id = "copy"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name}: the session is closed")


def test_what_cannot_be_read_is_left_out() -> None:
    report = rca_notifier.report_of({"ti": Broken(), "run_id": "r", "exception": "boom"})
    assert {key: report[key] for key in ("event", "dag_id", "task_id", "run_id", "exception")} == {
        "event": "task_failed",
        "dag_id": "tides",
        "task_id": "copy",
        "run_id": "r",
        "exception": "boom",
    }
