"""How RcaNotifier delivers: tries again, says what to do, does no harm, and gives the key to nobody else."""

import re
import socket
import threading
from typing import Any

import pytest
import rca_notifier
from rca_notifier import RcaNotifier

from tests.airflow.conftest import KEY, line, pointed_at, ticket
from tests.airflow.contexts import airflow2, airflow3, raised
from tests.integrations.servers import Reply, Request, said, serving
from tests.support.app import App, free_port

pytestmark = pytest.mark.usefixtures("log", "pauses")

DOWN = "http://127.0.0.1:9"


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
