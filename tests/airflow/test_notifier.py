"""RcaNotifier, given contexts as Airflow gives them, makes tickets at the running app. Airflow is not needed."""

import asyncio
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import rca_notifier
from rca_notifier import RcaNotifier

from tests.airflow.contexts import BOTH, Context, airflow2, airflow3, of_dag, of_dag_alone, raised
from tests.integrations.servers import Reply, Request, said, serving
from tests.support.app import App, free_port

KEY = "a-function-key-of-a-sender"
DOWN = "http://127.0.0.1:9"
TICKET = re.compile(r"ticket ([A-Z]{3}-\w+-\w+)")


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged; the key is never in it, whatever the test was about."""
    caplog.set_level(logging.DEBUG)
    yield caplog
    assert KEY not in caplog.text


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that it makes, in seconds; they are not waited for."""
    made: list[float] = []
    monkeypatch.setattr(rca_notifier, "time", SimpleNamespace(sleep=made.append, time=time.time))
    return made


def pointed_at(url: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> RcaNotifier:
    monkeypatch.setenv("RCA_WEBHOOK_URL", url)
    monkeypatch.setenv("RCA_WEBHOOK_KEY", key)
    return RcaNotifier()


@pytest.fixture
def notifier(app: App, monkeypatch: pytest.MonkeyPatch) -> RcaNotifier:
    """One that reports to the app."""
    return pointed_at(app.url, monkeypatch, app.key)


def line(log: pytest.LogCaptureFixture) -> str:
    """The one line that it logged."""
    (record,) = [record for record in log.records if record.name == "rca_notifier" and record.levelno > logging.DEBUG]
    return record.getMessage()


def ticket(app: App, log: pytest.LogCaptureFixture) -> dict[str, Any]:
    found = TICKET.search(line(log))
    assert found, line(log)
    assert app.key not in log.text
    return app.ticket(found[1])


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


# Delivery


def answers(*replies: Reply) -> Any:
    """An answerer that gives these in turn."""
    left = iter(replies)
    return lambda _: next(left)


ACCEPTED = said({"status": "accepted", "ticket_id": "ARF-20260301T020009-abc123", "run_id": "r"}, 202)


@pytest.mark.parametrize(
    ("trouble", "pause"),
    [
        (Reply(503, headers={"Retry-After": "2"}), 2),
        (Reply(429, headers={"Retry-After": "3600"}), 7),
        (Reply(429, headers={"Retry-After": "Wed, 21 Oct 2037 07:28:00 GMT"}), 7),
        (Reply(503, headers={"Retry-After": "soon"}), 1),
        (Reply(503, headers={"Retry-After": "-5"}), 0),
        (Reply(502), 1),
    ],
)
def test_it_is_tried_again_after_the_pause_that_was_asked_for(
    trouble: Reply, pause: float, pauses: list[float], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answers(trouble, ACCEPTED)) as server:
        pointed_at(server.url, monkeypatch)(airflow2("boom"))
    assert pauses == [0, pause]
    assert [request.path for request in server.asked] == ["/airflow-monitor"] * 2
    assert server.asked[0].body == server.asked[1].body
    assert server.asked[1].headers["X-Functions-Key"] == KEY
    assert "ARF-20260301T020009-abc123" in line(log)


REFUSALS = {
    "401": (Reply(401), 1, "Check the key"),
    "404": (Reply(404), 1, "Check the address; its path is /airflow-monitor"),
    "413": (Reply(413), 1, "The log of the function app says why"),
    "500": (Reply(500), 1, "The log of the function app says why"),
    "redirect": (Reply(302, headers={"Location": "https://elsewhere.example"}), 1, "It redirects"),
    "a page": (Reply(200, b"<html>Sign in</html>", type="text/html"), 1, "is no RCA Assistant"),
    "a list": (said([1]), 1, "is no RCA Assistant"),
    "503 for long": (Reply(503), 3, "answered 503, tried 3 times"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_to_do_is_logged(kind: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    reply, calls, advice = REFUSALS[kind]
    with serving(reply) as server:
        pointed_at(server.url, monkeypatch)(airflow2("boom"))
    assert len(server.asked) == calls
    assert advice in line(log)
    assert "no ticket was made" in line(log)


def test_a_wrong_key_is_told(app: App, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    pointed_at(app.url, monkeypatch)(airflow2("boom"))
    assert "answered 401. Check the key: the connection's password, or RCA_WEBHOOK_KEY." in line(log)


def test_good_news_is_no_ticket(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(said({"status": "ignored", "reason": "task_retry is no failure."})) as server:
        pointed_at(server.url, monkeypatch)(airflow2("boom"))
    assert line(log).endswith("ignored: task_retry is no failure.")


def test_a_server_that_is_down_does_no_harm(
    pauses: list[float], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed_at(f"http://127.0.0.1:{free_port()}", monkeypatch)(airflow3("boom"))
    assert "cannot be reached ([Errno 111] Connection refused), tried 3 times" in line(log)
    assert pauses == [0, 1, 2]


def test_a_server_that_hangs_does_no_harm(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rca_notifier, "_TIMEOUT_SECONDS", 0.1)
    with serving(Reply(202, delay=0.4)) as server:
        pointed_at(server.url, monkeypatch)(airflow3("boom"))
    assert "cannot be reached (timed out), tried 3 times" in line(log)


def test_a_server_that_hangs_up_does_no_harm(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up() -> None:
        for _ in range(3):
            listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, daemon=True).start()
        pointed_at(f"http://127.0.0.1:{listener.getsockname()[1]}", monkeypatch)(airflow3("boom"))
    assert re.search("cannot be reached .*(closed connection|reset by peer|Broken pipe)", line(log))


@pytest.mark.parametrize("nonsense", [{}, None, "text", {"ti": None}, {"ti": object(), "exception": object()}])
def test_a_context_that_says_nothing_does_no_harm(
    nonsense: Any, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed_at(DOWN, monkeypatch)(nonsense)
    assert "not reported" in line(log) or "names no DAG" in line(log)


def test_it_is_no_callback_for_missed_slas(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 2 calls those with five arguments."""
    pointed_at(DOWN, monkeypatch)("dag", "tasks", "blocking", [], [])
    assert "on_failure_callback" in line(log)


# Address and key


@pytest.mark.parametrize(
    ("address", "posted_to"),
    [
        ("https://app.example", "https://app.example/airflow-monitor"),
        (" https://app.example/ ", "https://app.example/airflow-monitor"),
        ("https://app.example/airflow-monitor?code=secret", "https://app.example/airflow-monitor"),
        ("https://gate.example/rca/airflow", "https://gate.example/rca/airflow"),
        ("http://localhost:7071", "http://localhost:7071/airflow-monitor"),
    ],
)
def test_addresses(address: str, posted_to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(rca_notifier, "_post", lambda webhook, *_: asked.append(webhook))
    pointed_at("https://not.asked", monkeypatch)
    RcaNotifier(url=address)(airflow2("boom"))
    assert asked == [posted_to]


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example",
        "app.example",
        "file:///etc/passwd",
        "https://",
        "https://u:p@app.example",
        "https://a:b",
        "[",
    ],
)
def test_addresses_that_are_not_used(
    address: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rca_notifier, "_post", lambda *_: pytest.fail("posted"))
    pointed_at(address, monkeypatch)(airflow2("boom"))
    assert "The address must be like https://<app>.azurewebsites.net" in line(log)


@pytest.mark.parametrize("key", ["", " \n", KEY + "\nx", KEY + "\u2019"])
def test_keys_that_are_not_used(key: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rca_notifier, "_post", lambda *_: pytest.fail("posted"))
    pointed_at(DOWN.replace("http:", "https:"), monkeypatch, key)(airflow2("boom"))
    assert "password" in line(log) or "has characters that no header may have" in line(log)


def test_the_end_of_a_line_after_the_key_does_no_harm(
    app: App, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that hold a secret often end so."""
    pointed_at(app.url, monkeypatch, app.key + "\n")(airflow2("boom"))
    ticket(app, log)


def test_nothing_set(log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RCA_WEBHOOK_URL", raising=False)
    RcaNotifier(conn_id="rca_prod")(airflow2("boom"))
    assert "Set the host of the Airflow connection 'rca_prod', or RCA_WEBHOOK_URL." in line(log)


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"host": "https://app.example/"}, "https://app.example"),
        ({"host": "app.example", "schema": "https", "port": 8443}, "https://app.example:8443"),
        ({"host": "app.example"}, "https://app.example"),
        ({"host": None}, ""),
    ],
)
def test_the_address_of_a_connection(fields: dict[str, Any], address: str) -> None:
    assert rca_notifier._address(fields) == address


def test_the_key_is_rendered_nowhere() -> None:
    """Airflow renders template fields in place, and shows them."""
    assert not getattr(RcaNotifier, "template_fields", ())
    assert "key" not in vars(RcaNotifier())


def test_requests_carry_what_the_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return ACCEPTED

    with serving(answer) as server:
        pointed_at(server.url, monkeypatch)(airflow2(raised(KeyError("tide"))))
    (request,) = asked
    assert request.headers["Content-Type"] == "application/json"
    assert set(request.body) == {
        "schema", "event", "dag_id", "task_id", "run_id", "map_index", "try_number", "max_tries", "logical_date",
        "start_date", "end_date", "duration", "operator", "hostname", "queue", "pool", "log_url", "exception", "owner",
        "tags",
    }  # fmt: skip
