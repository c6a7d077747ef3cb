"""What the sender does not say, the failing system does: a Databricks notification has no error text."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from devhost.azurite import Azurite
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from tests.integrations.servers import Reply, Request, said, serving
from tests.support.app import App, wait_for

# Put together here, so that no scanner takes it for a real one.
SECRET = "dapi" + "0123456789abcdef" * 2
TRACE = f"""Traceback (most recent call last):
  File "/job.py", line 7, in <module>
    connect(token="{SECRET}")
java.lang.OutOfMemoryError: Java heap space"""


def workspace(request: Request) -> Reply:
    """A workspace in which task `load` of every run failed for want of memory."""
    run_id = request.query.get("run_id", "")
    if request.headers.get("Authorization") != "Bearer a-token":
        return said({"error_code": "PERMISSION_DENIED"}, 403)
    if run_id == "gone":
        return said({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run gone does not exist."}, 404)
    if request.path.endswith("/runs/get"):
        failed = {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}
        task = {"task_key": "load", "run_id": 900, "state": failed}
        return said({"run_id": run_id, "job_id": 7, "run_name": "nightly", "state": failed, "tasks": [task]})
    return said({"error": "java.lang.OutOfMemoryError: Java heap space", "error_trace": TRACE})


@pytest.fixture(scope="module")
def asking_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, with a Databricks workspace that it may ask."""
    with serving(workspace) as server:
        settings = {"DATABRICKS_HOST": server.url, "DATABRICKS_TOKEN": "a-token"}
        # An emulator of its own: the other app must not take this one's messages.
        with Azurite() as own, App(own.connection_string, tmp_path_factory.mktemp("asking"), **settings) as app:
            yield app


def notification(run: str) -> dict[str, Any]:
    return {
        "event_type": "jobs.on_failure",
        "workspace_id": "1",
        "run": {"run_id": run},
        "job": {"job_id": "7", "name": "nightly"},
    }


def enriched(app: App, run: str) -> dict[str, Any]:
    ticket_id = app.post("/databricks-monitor", notification(run)).json()["ticket_id"]
    return wait_for(lambda: (t := app.ticket(ticket_id))["evidence"] and t, "evidence")


def test_a_notification_without_a_text_gets_cause_category_and_log_from_the_workspace(asking_app: App) -> None:
    ticket = enriched(asking_app, uuid4().hex)
    assert (ticket["error_type"], ticket["retryable"]) == ("ResourceExhaustion", False)
    assert "Java heap space" in ticket["rca_result"]
    assert ticket["severity"] == "High"
    assert ticket["affected_entity"]["task_key"] == "load"
    # The rules look once more right after it.
    assert [entry["action"] for entry in ticket["audit"]][:2] == ["Ticket Created", "Diagnosis Updated"]
    numbers = [n for n, note in enumerate(ticket["evidence"], 1) if note["source"] == "databricks task output"]
    with asking_app.client() as client:
        log = client.get(f"/api/tickets/{ticket['id']}/log", params={"evidence": numbers[0]}).text
    assert "OutOfMemoryError" in log


def test_a_secret_in_the_log_is_neither_shown_nor_kept(asking_app: App) -> None:
    ticket = enriched(asking_app, uuid4().hex)
    with asking_app.client() as client:
        shown = client.get(f"/api/tickets/{ticket['id']}").text
        logs = [
            client.get(f"/api/tickets/{ticket['id']}/log", params={"evidence": n + 1}).text
            for n in range(len(ticket["evidence"]))
        ]
    assert not any(SECRET in text for text in (shown, *logs))


def test_the_counts_follow_a_category_that_changes(asking_app: App) -> None:
    enriched(asking_app, uuid4().hex)
    summary = asking_app.get("/api/summary")
    assert sum(summary["by_error_type"].values()) == summary["total_tickets"]


def test_a_system_that_does_not_know_the_run_leaves_the_ticket_and_says_so(asking_app: App) -> None:
    ticket = enriched(asking_app, "gone")
    assert ticket["error_type"] == "Unknown"
    assert ticket["evidence"][0]["status"] == "error"
    assert "404" in ticket["evidence"][0]["note"]
    assert "Evidence Asked For" in [entry["action"] for entry in ticket["audit"]]


def test_without_settings_nothing_is_asked_and_health_says_so(app: App) -> None:
    ticket_id = app.post("/databricks-monitor", notification(uuid4().hex)).json()["ticket_id"]
    assert app.ticket(ticket_id)["evidence"] == []
    assert app.get("/api/health")["parts"]["databricks_api"] == "off"


def test_secrets_in_a_report_are_masked_in_ticket_archive_and_audit(app: App) -> None:
    password = "hunter2" + "hunter2"
    key = "q" * 43 + "8Zk" * 13 + "=="
    body = {
        "schema": "rca.adf/1",
        "data_factory": "f",
        "pipeline": "p",
        "run_id": uuid4().hex,
        "message": f"Login failed. Server=sql-1;User ID=etl;Password={password};AccountKey={key};EndpointSuffix=x",
        "password": password,
    }
    ticket = app.ticket(app.post("/azure-monitor", body).json()["ticket_id"])
    with app.client() as client:
        texts = [client.get(f"/api/tickets/{ticket['id']}{part}").text for part in ("", "/log")]
    for text in texts:
        assert password not in text and key not in text
        assert "[PASSWORD#1]" in text
    assert "Login failed" in ticket["message"] and "sql-1" in ticket["message"]
    assert ticket["redactions"]["PASSWORD"] == 1
    assert password not in app.log.read_text()


def test_a_raw_body_that_waited_in_a_blob_is_removed_once_its_ticket_is_there(app: App, azurite: Azurite) -> None:
    storage = Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)
    mark = uuid4().hex
    body = {"dag_id": "d", "run_id": mark, "exception": "x" * 60_000}
    app.ticket(app.post("/airflow-monitor", body).json()["ticket_id"])

    def waiting() -> list[str]:
        container = storage.container(archive.WAITING)
        return [
            blob.name
            for blob in container.list_blobs()
            if mark in container.download_blob(blob.name).readall().decode()
        ]

    wait_for(lambda: not waiting(), "the raw body to be removed")


def test_evidence_that_is_not_there_is_not_found(app: App) -> None:
    ticket_id = app.post("/airflow-monitor", {"dag_id": "d", "run_id": uuid4().hex}).json()["ticket_id"]
    app.ticket(ticket_id)
    with app.client() as client:
        assert client.get(f"/api/tickets/{ticket_id}/log", params={"evidence": 1}).status_code == 404
        assert client.get(f"/api/tickets/{ticket_id}/log", params={"evidence": "x"}).status_code == 400
        assert client.get(f"/api/tickets/{ticket_id}/log", params={"report": "nonsense"}).status_code == 404
