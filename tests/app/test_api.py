"""Reading and changing tickets over HTTP, and what the API says about itself."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.app import App
from tests.support.functions import http_functions


def report(app: App, **more: Any) -> dict[str, Any]:
    body = {"dag_id": "api_dag", "task_id": "t", "run_id": uuid4().hex, "exception": "boom", **more}
    return app.ticket(app.post("/airflow-monitor", body).json()["ticket_id"])


def test_a_ticket_is_worked_on_and_the_trail_tells(app: App) -> None:
    ticket = report(app)
    with app.client() as client:
        path = f"/api/tickets/{ticket['id']}"
        working = client.patch(path, json={"status": "in_progress", "version": 1, "note": "looking"}).json()
        assert (working["status"], working["version"]) == ("in_progress", 2)
        done = client.patch(path, json={"status": "acknowledged", "version": 2}).json()
        assert (done["status"], done["sla_status"], done["ack_seconds"] >= 0) == ("acknowledged", "Met", True)
        stale = client.patch(path, json={"status": "open", "version": 2})
        assert (stale.status_code, stale.json()["field"]) == (409, "version")
        assert "version 3" in stale.json()["detail"]
        noted = client.patch(path, json={"note": "firewall rule added", "version": 3}).json()
    assert [entry["action"] for entry in noted["audit"]] == [
        "Ticket Created",
        "Ticket In Progress",
        "Ticket Acknowledged",
        "Note Added",
    ]
    trail = app.get("/api/audit", ticket_id=ticket["id"])["items"]
    assert [entry["details"] for entry in trail][:1] == ["firewall rule added"]
    assert trail[-1]["new"] == "open"
    assert [t["id"] for t in app.get("/api/open-tickets", limit=200)["items"]].count(ticket["id"]) == 0
    listed = app.get("/api/tickets", status="acknowledged", limit=200)["items"]
    assert next(t for t in listed if t["id"] == ticket["id"])["version"] == 4


def test_lists_filter_and_page(app: App) -> None:
    mark = uuid4().hex[:10]
    made = [report(app, dag_id=f"{mark}_{n}")["id"] for n in range(5)]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"q": mark.upper(), "source": "airflow", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = app.get("/api/tickets", **query)
        assert len(page["items"]) <= 2
        found += [ticket["id"] for ticket in page["items"]]
        cursor = page["next_cursor"]
    assert found == made[::-1]
    assert app.get("/api/tickets", q=mark, source="adf")["items"] == []


def test_the_summary_counts(app: App) -> None:
    before = app.get("/api/summary")
    report(app)
    after = app.get("/api/summary")
    assert after["total_tickets"] == before["total_tickets"] + 1
    assert after["by_source"]["airflow"] == before["by_source"].get("airflow", 0) + 1


def test_health_needs_no_sign_in_and_tells_no_secrets(app: App) -> None:
    with app.stranger() as client:
        health = client.get("/api/health")
    assert health.json()["status"] == "ok"
    assert health.json()["parts"] == {
        "storage": "ok",
        "gemini": "off",
        "jira": "off",
        "slack": "off",
        "live_updates": "ok",
        "databricks_api": "off",
        "data_factory_api": "off",
        "airflow_api": "off",
    }


@pytest.mark.parametrize(
    "path", ["/api/tickets", "/api/summary", "/api/audit", "/api/openapi.json", "/api/tickets/x/log"]
)
def test_everything_else_needs_a_person(app: App, path: str) -> None:
    with app.stranger() as client:
        answer = client.get(path, headers={"x-functions-key": app.key})
    assert answer.status_code == 401
    assert "Sign in" in answer.json()["detail"]


def test_openapi_names_every_route_and_every_schema_it_uses(app: App) -> None:
    document = app.get("/api/openapi.json")
    triggers = [function.get_trigger() for function in http_functions().values()]
    served = {(f"/{trigger.route}", method.value.lower()) for trigger in triggers for method in trigger.methods}
    served -= {("/api/{*path}", "options")}  # browsers ask it, people do not
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == served
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


def test_openapi_is_fit_to_generate_types_from(app: App) -> None:
    document = app.get("/api/openapi.json")
    calls = [call for item in document["paths"].values() for call in item.values()]
    assert len({call["operationId"] for call in calls}) == len(calls)
    assert "content" not in document["paths"]["/api/logout"]["post"]["responses"]["204"]
    schemas = document["components"]["schemas"]
    # Answers have every field; what is sent may leave out what has a default.
    for name in ("TicketRow", "TicketView", "Overview", "AuditEntry", "Summary", "DeadLetter", "Rule", "Connection"):
        assert schemas[name]["required"] == list(schemas[name]["properties"]), name
    assert schemas["TicketChange"]["required"] == ["version"]
    assert "field" not in schemas["Problem"]["required"]
    report(app)
    assert set(app.get("/api/tickets", limit=1)["items"][0]) == set(schemas["TicketRow"]["required"])


@contextmanager
def open_page(app: App) -> Iterator[Iterator[str]]:
    """The lines that the real SignalR client writes: `connected`, then each hint."""
    client = Path(__file__).with_name("live_client.mjs")
    command = ["node", str(client), f"{app.url}/api", app.url, app.cookie("viewer")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None and page.stdin is not None
        assert next(page.stdout).strip() == "connected"
        yield page.stdout
        page.stdin.close()
        page.wait(10)


def test_an_open_page_hears_of_a_new_ticket_and_of_its_change(app: App) -> None:
    with open_page(app) as hints:
        ticket = report(app)

        def next_hint() -> dict[str, Any]:
            return next(hint for hint in map(json.loads, hints) if hint["id"] == ticket["id"])

        assert next_hint() == {"id": ticket["id"], "version": 1, "status": "open"}
        with app.client() as client:
            client.patch(f"/api/tickets/{ticket['id']}", json={"status": "in_progress", "version": 1})
        assert next_hint() == {"id": ticket["id"], "version": 2, "status": "in_progress"}


def test_the_log_tells_ids_and_neither_payloads_nor_keys(app: App) -> None:
    ticket = report(app, exception="a text that only the payload has")
    text = app.log.read_text()
    assert ticket["id"] in text
    assert app.key not in text
    assert "a text that only the payload has" not in text
