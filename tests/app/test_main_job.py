"""The main job: a sender posts a failure, and there is a ticket that says what failed, why and what to do."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from rca_core.diagnosis.redaction import redact_body
from tests.support.app import App

DOORS = {
    "adf": "/azure-monitor",
    "azmon": "/azure-monitor",
    "databricks": "/databricks-monitor",
    "airflow": "/airflow-monitor",
}

# Samples that report no failure, and a word of the reason.
IGNORED = {
    "azmon_common_metric_resolved": "resolved",
    "databricks_on_start_job": "started",
    "databricks_on_success_task": "succeeded",
    "databricks_on_duration_warning": "still going",
    "azmon_common_service_health": "resolved",
    "azmon_legacy_service_health": "resolved",
}
# Not webhooks: answers of the Jobs API to questions of ours.
NO_WEBHOOKS = {"databricks_api_runs_get_failed", "databricks_api_runs_get_output_failed"}


def samples(cases: Path) -> dict[str, bytes]:
    return {
        path.stem: path.read_bytes()
        for path in sorted((cases / "payloads").glob("*.json"))
        if path.stem.split("_")[0] in DOORS and path.stem not in NO_WEBHOOKS
    }


def as_a_new_event(sample: bytes, name: str) -> bytes:
    """The sample with a run of its own: several samples tell of the same one."""
    return sample.replace(b"9f6069d6-e522-4608-9f99-21807bfc3c70", f"run-of-{name}".encode())


def test_every_sample_becomes_a_ticket_within_two_seconds_or_is_ignored_with_a_reason(app: App, cases: Path) -> None:
    app.post("/airflow-monitor", {"dag_id": "warm-up", "exception": "x"})
    for name, sample in samples(cases).items():
        sent = as_a_new_event(sample, name)
        begun = time.monotonic()
        answer = app.post(DOORS[name.split("_")[0]], sent)
        if name in IGNORED:
            assert answer.status_code == 200, name
            assert answer.json()["status"] == "ignored", name
            assert IGNORED[name] in answer.json()["reason"].lower(), name
            continue
        assert answer.status_code == 202, (name, answer.text)
        for result in answer.json().get("results", [answer.json()]):
            ticket = app.ticket(result["ticket_id"])
            seconds = time.monotonic() - begun
            assert seconds < 2, f"{name}: the ticket was there after {seconds:.1f} s"
            check_ticket(app, name, ticket, sent)


def check_ticket(app: App, name: str, ticket: dict[str, Any], sent: bytes) -> None:
    assert ticket["status"] == "open", name
    assert ticket["error_type"], name
    assert ticket["rca_result"] and ticket["recommendations"], name
    assert ticket["severity"] in ("Critical", "High", "Medium", "Low"), name
    assert ticket["sla_seconds"] == {"P1": 900, "P2": 1800, "P3": 7200, "P4": 86400}[ticket["priority"]], name
    assert ticket["links"] and ticket["runs"] is not None, name
    assert [entry["action"] for entry in ticket["audit"]] == ["Ticket Created"], name
    with app.client() as client:
        assert client.get(f"/api/tickets/{ticket['id']}/log").content == redact_body(sent)[0], name


def test_a_data_factory_failure_in_full(app: App) -> None:
    body = {
        "schema": "rca.adf/1",
        "data_factory": "adf-finance-prod",
        "resource_id": "/subscriptions/1/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf-finance-prod",
        "pipeline": "pl_ledger_close",
        "run_id": "0f3c8f8a-4a3f-4bb8-a0b5-2f7a1b6d0001",
        "activity": "MapLedgerColumns",
        "error_code": "ParquetColumnNotFound",
        "message": "Column cost_center does not exist in Parquet file.",
    }
    answer = app.post("/azure-monitor", body)
    assert answer.status_code == 202
    ticket = app.ticket(answer.json()["ticket_id"])
    assert ticket["id"].startswith("ADF-")
    assert (ticket["source"], ticket["processing_mode"]) == ("adf", "adf")
    assert (ticket["pipeline"], ticket["run_id"]) == ("pl_ledger_close", body["run_id"])
    assert (ticket["error_type"], ticket["error_code"]) == ("DataError", "ParquetColumnNotFound")
    assert ticket["retryable"] is False
    assert "Column cost_center does not exist" in ticket["rca_result"]
    assert ticket["diagnosis"]["engine"] == "rules"
    run_links = [link["url"] for link in ticket["links"] if link["kind"] == "run"]
    assert run_links and body["run_id"] in run_links[0]
    assert ticket["severity_reason"]
    assert ticket["finops_team"] == "Unknown"


def test_several_failures_in_one_call_are_several_tickets(app: App) -> None:
    calls = [{"dag_id": f"dag_{n}", "run_id": "same", "task_id": "load", "exception": "boom"} for n in range(12)]
    answer = app.post("/airflow-monitor", calls)
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert len({result["ticket_id"] for result in results}) == 12
    for call, result in zip(calls, results, strict=True):
        assert app.ticket(result["ticket_id"])["affected_entity"]["dag_id"] == call["dag_id"]


def test_a_body_too_large_for_a_queue_message_makes_a_ticket_and_is_archived_whole(app: App) -> None:
    body = {
        "schema": "rca.adf/1",
        "data_factory": "f",
        "pipeline": "big",
        "run_id": "big-1",
        "message": "Login failed for user 'etl'. " + "detail " * 60_000,
    }
    answer = app.post("/azure-monitor", body)
    ticket = app.ticket(answer.json()["ticket_id"])
    assert ticket["error_type"] == "AuthenticationError"
    assert "archived payload" in ticket["message"]
    with app.client() as client:
        assert json.loads(client.get(f"/api/tickets/{ticket['id']}/log").content) == body


def test_a_kind_of_event_that_nobody_knows_is_a_ticket_of_category_unknown(app: App) -> None:
    answer = app.post(
        "/databricks-monitor",
        {"event_type": "pipelines.on_something_new", "workspace_id": "1", "run": {"run_id": "77001"}},
    )
    assert app.ticket(answer.json()["ticket_id"])["error_type"] == "Unknown"


@pytest.mark.parametrize("door", ["/azure-monitor", "/databricks-monitor", "/airflow-monitor"])
def test_what_bears_no_mark_of_the_sender_is_refused_with_what_is_missing(app: App, door: str) -> None:
    answer = app.post(door, {})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 20
