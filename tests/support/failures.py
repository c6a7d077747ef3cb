"""Failures that a test reports as a sender would."""

from typing import Any
from uuid import uuid4

from tests.support.app import App


def report(app: App, name: str, message: str = "Read timed out", **fields: Any) -> str:
    """A failed Airflow task of DAG `name` reaches the app; the id of its ticket, which is there when this returns."""
    body = {"dag_id": name, "task_id": "load", "run_id": uuid4().hex, "exception": message, **fields}
    return _reported(app, "/airflow-monitor", body)


def report_critical(app: App, pipeline: str) -> str:
    """A failure that is Critical: a refused sign-in, in production."""
    body = {
        "schema": "rca.adf/1",
        "data_factory": "adf-shop-prod",
        "pipeline": pipeline,
        "activity": "Copy",
        "run_id": str(uuid4()),
        "error_code": "2100",
        "message": "Login failed for user 'loader'.",
    }
    return _reported(app, "/azure-monitor", body)


def _reported(app: App, path: str, body: dict[str, Any]) -> str:
    answer = app.post(path, body)
    assert answer.status_code == 202, answer.text
    ticket_id: str = answer.json()["ticket_id"]
    app.ticket(ticket_id)
    return ticket_id
