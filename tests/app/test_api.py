"""Reading and changing tickets over HTTP, and what the API says about itself."""

import json
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest

from tests.support.app import App, wait_for


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
        "Ticket Closed",
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


def test_health_needs_no_key_and_tells_no_secrets(app: App) -> None:
    with app.client() as client:
        health = client.get("/api/health", headers={"x-functions-key": ""})
    assert health.json() == {"status": "ok", "parts": {"storage": "ok", "live_updates": "ok"}}


@pytest.mark.parametrize(
    "path", ["/api/tickets", "/api/summary", "/api/audit", "/api/openapi.json", "/api/tickets/x/log"]
)
def test_everything_else_needs_the_key(app: App, path: str) -> None:
    with app.client() as client:
        assert client.get(path, headers={"x-functions-key": "wrong"}).status_code == 401
        assert client.get(path, headers={"x-functions-key": ""}).status_code == 401


def test_openapi_names_every_route_and_every_schema_it_uses(app: App) -> None:
    from function_app import app as function_app

    document = app.get("/api/openapi.json")
    served = set()
    for function in function_app.get_functions():
        trigger = function.get_trigger()
        if trigger.type == func.decorators.constants.HTTP_TRIGGER:
            served |= {(f"/{trigger.route}", method.value.lower()) for method in trigger.methods}
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == served
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


def test_a_page_hears_of_a_ticket(app: App) -> None:
    """The hint's way is tested to its end: devhost's SignalR tests use the real client."""
    with app.client() as client:
        info = client.post("/api/negotiate").json()
    assert info["url"].startswith("http") and "hub=tickets" in info["url"] and info["accessToken"]
    ticket = report(app)
    wait_for(lambda: f"ticket_id={ticket['id']}" in app.log.read_text(), "the log line of the ticket")
    text = app.log.read_text()
    assert app.key not in text and "boom" not in text
