"""The app gives the same results in the development host as in the library in which Azure runs it.

The library is `azure-functions-runtime`, on Python 3.13 with `azure-functions` 2; the development host runs on the
repository's own Python with `azure-functions` 1. Skipped where no Python 3.13 is found.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from azure.storage.queue import QueueClient, QueueMessage, TextBase64DecodePolicy

from devhost.azurite import Azurite
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from tests.conformance.conftest import SIGNALR, Sides, without_ids
from tests.conformance.library import ROOT, Answer, InvocationFailed, Library, Refused
from tests.support.app import App
from tests.support.people import signed_in

Json = dict[str, Any]

ORIGIN = "http://127.0.0.1:7071"


def airflow(dag: str, run: str, **more: Any) -> Json:
    return {"dag_id": dag, "task_id": "load", "run_id": run, "try_number": 1, "exception": "boom", **more}


def test_the_comparison_is_with_the_official_library(library: Library) -> None:
    assert library.index["library"] == "1.3.0"
    assert library.index["python"].startswith("3.13.")


def test_it_takes_bodies_as_bytes_as_the_comparison_gives_them(library: Library) -> None:
    assert library.index["capabilities"]["RawHttpBodyBytes"] == "true"
    assert library.index["capabilities"]["RpcHttpBodyOnly"] == "true"


def test_both_find_the_same_functions(library: Library, app: App) -> None:
    """Names, triggers, routes, methods, levels of authorisation, queues, connections: every field of every binding."""
    master = json.loads((app.data / "keys.json").read_text())["_master"]
    served = httpx.get(f"{app.url}/admin/functions", headers={"x-functions-key": master}).json()
    ours = {function["name"]: by_name(function["config"]["bindings"]) for function in served}
    theirs = {name: by_name(bindings) for name, bindings in library.functions.items()}
    assert len(theirs) > 10
    assert ours == theirs


def by_name(bindings: list[Json]) -> dict[str, Json]:
    return {binding["name"]: binding for binding in bindings}


# A call that changes nothing: method, path, options of the request, status.
CALLS: dict[str, tuple[str, str, Json, int]] = {
    "health": ("GET", "/api/health", {}, 200),
    "OpenAPI": ("GET", "/api/openapi.json", {}, 200),
    "an event that is no failure": (
        "POST",
        "/airflow-monitor",
        {"json": airflow("d", "r", event="task_succeeded", state="success")},
        200,
    ),
    "no body": ("POST", "/airflow-monitor", {}, 400),
    "an empty body": ("POST", "/azure-monitor", {"content": b""}, 400),
    "not JSON": ("POST", "/databricks-monitor", {"content": b"{not json"}, 400),
    "not UTF-8": ("POST", "/airflow-monitor", {"content": b'{"dag_id": "\xff\xfe"}'}, 400),
    "nested too deep": ("POST", "/airflow-monitor", {"content": b"[" * 100_000 + b"]" * 100_000}, 400),
    "an object that is no event": ("POST", "/azure-monitor", {"json": {"test": 1}}, 422),
    "a list of numbers": ("POST", "/airflow-monitor", {"json": [1, 2]}, 422),
    "a body over 1 MiB": ("POST", "/airflow-monitor", {"json": airflow("d", "r", log="x" * 2**21)}, 413),
    "a chunked body": ("POST", "/airflow-monitor", {"content": [b'{"dag_id":', b'"d"}']}, 411),
    "an empty page": ("GET", "/api/tickets", {"params": {"q": "nobody wrote this: ä+b&c"}}, 200),
    "a parameter without a value": ("GET", "/api/tickets?status=&q=nobody+wrote+this", {}, 200),
    "a parameter given twice": ("GET", "/api/tickets?status=open&status=shut", {}, 400),
    "a parameter out of range": ("GET", "/api/tickets", {"params": {"limit": 0}}, 400),
    "a cursor that is none of ours": ("GET", "/api/audit", {"params": {"cursor": "x"}}, 400),
    "a ticket that is not there": ("GET", "/api/tickets/AIR-20261120T120000-zzzzzz", {}, 404),
    "a ticket id that is none": ("GET", "/api/tickets/n%20o%C3%A4", {}, 404),
    "a ticket id with an encoded slash": ("GET", "/api/tickets/a%2Fb%2541", {}, 404),
    "the log of a ticket that is not there": ("GET", "/api/tickets/AIR-20261120T120000-zzzzzz/log", {}, 404),
    "a change that says nothing": ("PATCH", "/api/tickets/AIR-20261120T120000-zzzzzz", {"json": {"version": 1}}, 400),
    "a change of no ticket": (
        "PATCH",
        "/api/tickets/AIR-20261120T120000-zzzzzz",
        {"json": {"version": 1, "status": "in_progress"}},
        404,
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_call_gets_the_same_status_headers_and_body(sides: Sides, what: str) -> None:
    method, path, options, status = CALLS[what]
    assert sides.call(method, path, **options).status == status


@pytest.mark.parametrize("first", ["devhost", "library"])
def test_a_failure_accepted_by_one_is_a_duplicate_to_the_other(sides: Sides, first: str) -> None:
    def post(host: Callable[..., Answer]) -> tuple[int, Json]:
        answer = host("POST", "/airflow-monitor", json=body)
        assert answer.headers["content-type"] == "application/json"
        return answer.status, answer.json()

    body = airflow("orders", uuid4().hex)
    hosts = [sides.by_devhost, sides.by_library]
    one, other = hosts if first == "devhost" else reversed(hosts)
    status, accepted = post(one)
    assert (status, accepted["status"]) == (202, "accepted")
    assert post(other) == post(one) == (200, accepted | {"status": "duplicate"})


def test_failures_are_accepted_with_the_same_words(sides: Sides) -> None:
    run = uuid4().hex
    ours = sides.by_devhost("POST", "/airflow-monitor", json=airflow("orders", run))
    theirs = sides.by_library("POST", "/airflow-monitor", json=airflow("stock", run))
    assert without_ids(ours).headers == without_ids(theirs).headers
    assert ours.status == theirs.status
    assert ours.json() | {"ticket_id": ""} == theirs.json() | {"ticket_id": ""}
    assert ours.json()["ticket_id"] != theirs.json()["ticket_id"]


def test_a_ticket_lives_the_same_life_on_both(sides: Sides) -> None:
    """Accepted and changed under the library, made of the queue's message by the development host, read by both."""
    run = f"run-{uuid4().hex}"
    ticket_id = sides.by_library("POST", "/airflow-monitor", json=airflow("ordérs", run)).json()["ticket_id"]
    sides.app.ticket(ticket_id)
    path = f"/api/tickets/{ticket_id}"
    ticket = sides.call("GET", path).json()
    assert ticket["run_id"] == run

    change = {"version": ticket["version"], "status": "acknowledged", "note": "seen"}
    changed = sides.by_library("PATCH", path, json=change)
    assert changed.status == 200
    assert sides.call("GET", path).body == changed.body
    assert sides.call("PATCH", path, json=change).status == 409

    page = sides.call("GET", "/api/tickets", params={"q": run, "status": "acknowledged", "limit": 5}).json()
    assert [item["id"] for item in page["items"]] == [ticket_id]
    assert len(sides.call("GET", "/api/audit", params={"ticket_id": ticket_id}).json()["items"]) == 2
    log = sides.call("GET", f"{path}/log")
    assert log.json()["dag_id"] == "ordérs"
    assert log.headers["content-disposition"] == f'attachment; filename="{ticket_id}.json"'


class Alone:
    """The app under the library only: nobody but the test takes what it puts on its queues."""

    def __init__(self, library: Library, connection_string: str) -> None:
        self.library = library
        self._connection_string = connection_string
        storage = Storage(read_settings({"AzureWebJobsStorage": connection_string}).storage)
        self._admin = signed_in(storage, "admin", ORIGIN)

    def call(self, method: str, path: str, inputs: dict[str, Json] | None = None, **options: Any) -> Answer:
        request = httpx.Request(method, f"{ORIGIN}{path}", headers=self._admin, **options)
        return self.library.send(request, **(inputs or {}))

    def post(self, body: Json) -> str:
        """Posts a failure; returns the ticket's id."""
        answer = self.call("POST", "/airflow-monitor", json=body)
        assert answer.status == 202
        ticket_id: str = answer.json()["ticket_id"]
        return ticket_id

    def take(self, queue: str) -> QueueMessage:
        """The one message on `queue`, as the Functions host reads it, taken off."""
        policy = TextBase64DecodePolicy()
        with QueueClient.from_connection_string(self._connection_string, queue, message_decode_policy=policy) as client:
            [message] = client.receive_messages()
            client.delete_message(message)
        return message


@pytest.fixture(scope="module")
def alone(python313: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    log = tmp_path_factory.mktemp("alone") / "log"
    with Azurite() as azurite:
        storage = azurite.connection_string
        with Library(
            python313, ROOT, log, AzureWebJobsStorage=storage, AzureSignalRConnectionString=SIGNALR
        ) as library:
            yield Alone(library, storage)


@pytest.mark.parametrize("size", [10, 100_000], ids=["that fits a message", "that waits in a blob"])
def test_a_queued_failure_becomes_a_ticket_that_open_pages_hear_of(alone: Alone, size: int) -> None:
    ticket_id = alone.post(airflow("orders", uuid4().hex, exception="x" * size))
    assert alone.call("GET", f"/api/tickets/{ticket_id}").status == 404

    assert alone.library.receive("triage_failure", alone.take("failures")) == {}
    ticket = alone.call("GET", f"/api/tickets/{ticket_id}").json()
    assert (ticket["id"], ticket["status"]) == (ticket_id, "open")

    outputs = alone.library.receive("send_live_update", alone.take("live-updates"))
    assert json.loads(outputs["signalr"]["string"]) == {
        "target": "ticketChanged",
        "arguments": [{"id": ticket_id, "version": ticket["version"], "status": "open"}],
    }


def test_a_message_delivered_twice_makes_one_ticket(alone: Alone) -> None:
    ticket_id = alone.post(airflow("orders", uuid4().hex))
    message = alone.take("failures")
    tickets = []
    for _ in range(2):
        alone.library.receive("triage_failure", message)
        alone.take("live-updates")
        tickets.append(alone.call("GET", f"/api/tickets/{ticket_id}").json())
    assert tickets[0] == tickets[1]


@pytest.mark.parametrize("function", ["triage_failure", "send_live_update"])
def test_a_message_that_is_none_of_ours_fails_so_that_the_host_keeps_it(library: Library, function: str) -> None:
    with pytest.raises(InvocationFailed, match="ValidationError"):
        library.invoke(function, {"msg": {"string": '{"nonsense": 1}'}})


def test_negotiate_passes_on_where_to_connect(alone: Alone) -> None:
    info = '{"url": "https://hub.example/client/?hub=tickets", "accessToken": "header.payload.signature"}'
    answer = alone.call("POST", "/api/negotiate", inputs={"connection": {"string": info}})
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/json", info.encode())


# What an app can get wrong without Python's minding it, and a word of the library's complaint.
BROKEN = {
    "a queue message annotated as a number": (
        "@app.queue_trigger(arg_name='msg', queue_name='q', connection='AzureWebJobsStorage')\n"
        "def take(msg: int) -> None: ...",
        "do not match the corresponding function parameter's Python type",
    ),
    "an output that is no Out": (
        "@app.queue_trigger(arg_name='msg', queue_name='q', connection='AzureWebJobsStorage')\n"
        "@app.generic_output_binding(arg_name='hub', type='signalR', hubName='h')\n"
        "def take(msg: func.QueueMessage, hub: str) -> None: ...",
        "is not a subclass of azure.functions.Out",
    ),
    "a binding without a parameter": (
        "@app.route('x')\n@app.generic_input_binding(arg_name='info', type='signalRConnectionInfo', hubName='h')\n"
        "def negotiate(req: func.HttpRequest) -> func.HttpResponse: ...",
        "not present in Python",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_app_is_refused(python313: Path, tmp_path: Path, what: str) -> None:
    """That is, a fault of ours in a binding would show here."""
    source, complaint = BROKEN[what]
    (tmp_path / "function_app.py").write_text(f"import azure.functions as func\napp = func.FunctionApp()\n{source}\n")
    with pytest.raises(Refused, match=complaint), Library(python313, tmp_path, tmp_path / "log"):
        pass
