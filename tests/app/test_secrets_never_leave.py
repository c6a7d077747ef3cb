"""Secrets of every kind are planted wherever a text can come in; then all that is kept, sent or shown is searched.

Searched are blobs, table rows and queue messages, what Gemini, Jira, Slack and Databricks were sent, every answer of
the API, the hints to open pages, and the app's log.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from devhost.azurite import Azurite
from tests.app.test_api import open_page
from tests.diagnosis.test_redaction import PASS, PEM_LINES, PLANTED
from tests.gemini.server import API_KEY, Asked, GeminiServer, answers, quoting
from tests.integrations.servers import Reply, Request, Server, said, serving
from tests.jira.server import SECRET, TOKEN, Jira
from tests.slack.server import BOT_TOKEN, CHANNEL, SIGNING_SECRET, SlackServer
from tests.slack.server import serving as slack_serving
from tests.support.app import App, wait_for

PEM = "\n".join(PEM_LINES)
LINES = [f"Step {number}: {before}{secret}{after}" for number, (_, before, secret, after) in enumerate(PLANTED)]
TEXT = "\n".join([*LINES, PEM, "OperationalError: the warehouse refused the connection"])
WORKSPACE_TOKEN = "workspace" + "-planted-token"
OWN = [API_KEY, TOKEN, SECRET, BOT_TOKEN, SIGNING_SECRET, WORKSPACE_TOKEN]

# Columns, variables and the like whose name tells that the value is secret.
NAMED = {"password": PASS, "connections": [{"name": "clientSecret", "value": PASS}, {"deep": {"DB_PASSWORD": PASS}}]}
AWS_KEY = next(secret for kind, _, secret, _ in PLANTED if kind == "AWS_KEY")
JWT = next(secret for kind, _, secret, _ in PLANTED if kind == "JWT")


def forms(secret: str) -> set[str]:
    """How a secret may be written: as it is, in JSON, in a URL."""
    return {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), unquote(secret)}


SECRETS = {
    form: kind
    for kind, secret in [
        *((kind, secret) for kind, _, secret, _ in PLANTED),
        *(("PRIVATE_KEY", line) for line in PEM_LINES[1:3]),
        *(("our own", secret) for secret in OWN),
    ]
    for form in forms(secret)
}


def workspace(request: Request) -> Reply:
    """A workspace whose task wrote every secret into its output."""
    run_id = request.query.get("run_id", "")
    failed = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": TEXT}
    if request.path.endswith("/runs/get"):
        task = {"task_key": f"load {AWS_KEY}", "run_id": 900, "state": failed}
        return said({"run_id": run_id, "job_id": 7, "run_name": "nightly", "state": failed, "tasks": [task]})
    return said({"error": f"password={PASS}; {JWT}", "error_trace": TEXT, "logs": TEXT})


def telling(asked: Asked) -> dict[str, Any]:
    """An answer in which the model makes up secrets of its own."""
    draft = quoting()(asked)
    leak = f"The job signed in with password={PASS}; and {AWS_KEY}, that is {JWT}."
    draft["summary"] = draft["hypotheses"][0]["statement"] = leak
    draft["next_checks"] = [leak]
    draft["evidence"].append({**draft["evidence"][0], "id": "E2", "quote": LINES[8], "shows": leak})
    return draft


@dataclass
class World:
    """The app and all that is around it; `shown` is what it answered."""

    app: App
    emulator: str
    gemini: GeminiServer
    jira: Jira
    slack: SlackServer
    workspace: Server
    shown: list[str] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        with self.app.client() as client:
            response = client.request(method, path, **({} if body is None else {"json": body}))
        assert response.status_code < 300, (path, response.text)
        self.shown.append(f"{path} {dict(response.headers)} {response.text}")
        return response.json() if "json" in response.headers["content-type"] else None

    def report(self, door: str, body: Any) -> None:
        answer = self.ask("POST", door, body)
        for result in answer.get("results", [answer]):
            assert result["status"] == "accepted", result
            self.tickets.append({"id": result["ticket_id"]})

    def settled(self) -> None:
        """Waits until every ticket is explained and stands in Jira and Slack, and nothing waits on a queue."""

        def done() -> list[dict[str, Any]] | None:
            found = [self.app.ticket(ticket["id"]) for ticket in self.tickets]
            explained = all(ticket["explained"] or ticket["diagnosis"]["engine"] != "rules" for ticket in found)
            return found if explained and all(one["itsm_ticket_id"] and one["slack_ts"] for one in found) else None

        self.tickets = wait_for(done, "all tickets to be explained and told", seconds=90)
        wait_for(lambda: not any(self.queued().values()), "empty queues", seconds=90)

    def queued(self) -> dict[str, list[str]]:
        """The messages on each queue, poison queues too, as they are in storage and decoded."""
        found = {}
        with QueueServiceClient.from_connection_string(self.emulator) as service:
            for queue in service.list_queues():
                with service.get_queue_client(queue.name) as client:
                    texts = [message.content for message in client.peek_messages(32)]
                    if client.get_queue_properties().approximate_message_count:
                        texts.append("(and what is to come later)")
                found[queue.name] = [text + " " + _decoded(text) for text in texts]
        return found

    def blobs(self) -> dict[str, str]:
        with BlobServiceClient.from_connection_string(self.emulator) as service:
            return {
                f"{container.name}/{blob.name}": f"{blob.name} {blob.metadata} "
                + client.download_blob(blob.name).readall().decode("utf-8", "replace")
                for container in service.list_containers()
                for client in [service.get_container_client(container.name)]
                for blob in client.list_blobs(include=["metadata"])
            }

    def rows(self) -> dict[str, str]:
        with TableServiceClient.from_connection_string(self.emulator) as service:
            return {
                f"{table.name}/{row['PartitionKey']}/{row['RowKey']}": repr(dict(row))
                for table in service.list_tables()
                for row in service.get_table_client(table.name).list_entities()
            }


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except ValueError:
        return ""


def failures() -> Iterator[tuple[str, Any]]:
    """What the senders tell: secrets in texts, logs, nested fields, names and labels."""
    yield (
        "/azure-monitor",
        {
            "schema": "rca.adf/1",
            "data_factory": "adf-sales",
            "pipeline": f"pl_orders {AWS_KEY}",
            "run_id": uuid4().hex,
            "activity": f"Copy {JWT}",
            "error": {"errorCode": "2200", "message": TEXT, "details": [{"inner": json.dumps({"m": TEXT, **NAMED})}]},
            "labels": {"owner": LINES[48], "connection": LINES[0], "clientSecret": PASS},
            **NAMED,
        },
    )
    yield (
        "/airflow-monitor",
        {
            "dag_id": f"orders {AWS_KEY}",
            "task_id": f"load {JWT}",
            "run_id": uuid4().hex,
            "exception": f"OperationalError: {LINES[8]}",
            "log": TEXT,
            "params": NAMED,
            "owner": LINES[48],
            "tags": [LINES[0], AWS_KEY],
        },
    )
    yield (
        "/databricks-monitor",
        {
            "event_type": "jobs.on_failure",
            "workspace_id": "1",
            "run": {"run_id": uuid4().hex},
            "job": {
                "job_id": "7",
                "name": f"nightly {AWS_KEY}",
                "settings": {"tags": {"token": PASS, "by": LINES[48]}},
            },
        },
    )
    # Too large for a message: the body waits in a blob, for several failures at once.
    yield (
        "/airflow-monitor",
        [
            {"dag_id": f"storm_{letter}", "run_id": uuid4().hex, "exception": f"{TEXT}\n{letter * 20_000}"}
            for letter in "abc"
        ],
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The app after all of it came in, was explained, and people wrote their notes."""
    with ExitStack() as running:
        gemini = running.enter_context(GeminiServer())
        gemini.answer_with(answers(telling))
        jira = running.enter_context(Jira())
        slack = running.enter_context(slack_serving())
        databricks = running.enter_context(serving(workspace))
        emulator = running.enter_context(Azurite()).connection_string
        settings = {
            "DASHBOARD_URL": "https://rca.example.com",
            "GEMINI_API_KEY": API_KEY,
            "GEMINI_BASE_URL": gemini.url,
            "JIRA_BASE_URL": jira.url,
            "JIRA_USER_EMAIL": "bot@example.com",
            "JIRA_API_TOKEN": TOKEN,
            "JIRA_PROJECT_KEY": "OPS",
            "JIRA_WEBHOOK_SECRET": SECRET,
            "SLACK_API_BASE_URL": slack.api_base_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_CHANNEL": CHANNEL,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "DATABRICKS_HOST": databricks.url,
            "DATABRICKS_TOKEN": WORKSPACE_TOKEN,
        }
        data: Path = tmp_path_factory.mktemp("secrets")
        app = running.enter_context(App(emulator, data, **settings))
        jira.webhook_url = f"{app.url}/jira-webhook"
        running.callback(setattr, jira, "webhook_url", None)
        world = World(app, emulator, gemini, jira, slack, databricks)
        with open_page(app) as lines:
            play(world)
            # Each ticket was made, and then changed at least once.
            world.hints += islice(lines, 2 * len(world.tickets))
        yield world


def play(world: World) -> None:
    """All that senders and people do."""
    for door, body in failures():
        world.report(door, body)
    world.settled()
    for ticket in world.tickets:
        at = f"/api/tickets/{ticket['id']}"
        note = "\n".join(LINES)[:3_900]
        world.ask("POST", f"{at}/feedback", {"verdict": "wrong", "note": note})
        version = world.ask("GET", at)["version"]
        note = "\n".join(LINES[::-1])[:3_900]
        world.ask("PATCH", at, {"status": "acknowledged", "note": note, "version": version})
    # Seen again: what a person noted is recalled, and told once more.
    for door, body in failures():
        world.report(door, body)
    world.settled()
    look_at_everything(world)


def look_at_everything(world: World) -> None:
    lists = ("tickets?limit=1000", "open-tickets", "audit?limit=200", "dead-letters", "owners")
    for path in (*lists, "summary", "analytics", "health", "export/tickets.csv", "export/audit.csv"):
        world.ask("GET", f"/api/{path}")
    for ticket in world.tickets:
        at = f"/api/tickets/{ticket['id']}"
        whole = world.ask("GET", at)
        parts = [f"report={key}" for key in whole["report_keys"]]
        parts += [f"evidence={n}" for n, one in enumerate(whole["evidence"], 1) if one["archived"]]
        parts += [f"document={one['id']}" for one in whole["diagnosis"]["documents"]]
        for part in parts:
            world.ask("GET", f"{at}/log?{part}")


def kept_in_blobs(world: World) -> dict[str, str]:
    return world.blobs()


def kept_in_tables(world: World) -> dict[str, str]:
    return world.rows()


def left_on_queues(world: World) -> dict[str, str]:
    return {name: "\n".join(texts) for name, texts in world.queued().items()}


def sent_to_gemini(world: World) -> dict[str, str]:
    return {f"question {number}": asked.path + repr(asked.body) for number, asked in enumerate(world.gemini.requests)}


def sent_to_jira(world: World) -> dict[str, str]:
    issues = {issue["key"]: repr(issue) for issue in world.jira.issues.values()}
    return {**issues, "requests": repr(world.jira.requests)}


def sent_to_slack(world: World) -> dict[str, str]:
    calls = {f"{call.method} {n}": repr(call.arguments) for n, call in enumerate(world.slack.calls)}
    return {**calls, "whispers": repr(world.slack.whispers)}


def asked_of_databricks(world: World) -> dict[str, str]:
    return {request.path: f"{request.query} {request.body}" for request in world.workspace.asked}


def answered(world: World) -> dict[str, str]:
    return {text.split(" ", 1)[0]: text for text in world.shown}


def hinted(world: World) -> dict[str, str]:
    return {"hints": "".join(world.hints)}


def logged(world: World) -> dict[str, str]:
    return {"log": world.app.log.read_text()}


WAYS_OUT = [
    kept_in_blobs,
    kept_in_tables,
    left_on_queues,
    sent_to_gemini,
    sent_to_jira,
    sent_to_slack,
    asked_of_databricks,
    answered,
    hinted,
    logged,
]


@pytest.mark.slow
@pytest.mark.parametrize("way_out", WAYS_OUT, ids=lambda way: way.__name__)
def test_no_secret_leaves(world: World, way_out: Callable[[World], dict[str, str]]) -> None:
    texts = way_out(world)
    assert any(texts.values()) or way_out is left_on_queues, "nothing was searched"
    found = {
        (where, kind, secret, text[max(0, text.find(secret) - 80) : text.find(secret) + len(secret) + 20])
        for where, text in texts.items()
        for secret, kind in SECRETS.items()
        if secret in text
    }
    assert not found, "\n".join(map(str, sorted(found)))


@pytest.mark.slow
def test_what_is_no_secret_does(world: World) -> None:
    """Or there would be nothing to search: texts arrive everywhere, with what was masked named by its kind."""
    archived, rows = "".join(world.blobs().values()), "".join(world.rows().values())
    told = [repr(asked.body) for asked in world.gemini.asked]
    issues, posted = repr(list(world.jira.issues.values())), repr([call.arguments for call in world.slack.calls])
    for text in (archived, rows, "".join(told), issues, posted, "".join(world.shown)):
        assert "[PASSWORD#" in text and "Step" in text
    # A secret that stands in several places has one placeholder, named by the kind that was found first.
    assert {kind for kind, *_ in PLANTED} - {"SHARED_ACCESS_KEY"} <= set(re.findall(r"\[([A-Z_]+)#", archived))
    assert any(json.loads(line)["id"] for line in world.hints)


@pytest.mark.slow
def test_no_raw_body_is_left_waiting(world: World) -> None:
    assert [name for name in world.blobs() if name.startswith("waiting/")] == []
    assert {name: texts for name, texts in world.queued().items() if texts and name.startswith(("fail", "diag"))} == {}
