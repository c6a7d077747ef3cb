"""One run is one ticket, two runs are two: what the original program lost, merged or made up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.app import App, wait_for
from tests.support.sizes import sized

RUNS = sized(200, 80)

Body = dict[str, Any]


def adf(pipeline: str, run: str, **more: Any) -> Body:
    return {"schema": "rca.adf/1", "data_factory": "f", "pipeline": pipeline, "run_id": run, "message": "boom", **more}


def databricks(job: str, run: str) -> Body:
    """As Databricks posts it: no text, no run name."""
    return {
        "event_type": "jobs.on_failure",
        "workspace_id": "1",
        "run": {"run_id": run},
        "job": {"job_id": job, "name": job},
    }


def airflow(dag: str, run: str, **more: Any) -> Body:
    return {"dag_id": dag, "task_id": "load", "run_id": run, "try_number": 1, "exception": "boom", **more}


def metric_alert(pipeline: str) -> Body:
    dimensions = [{"name": "Name", "value": pipeline}, {"name": "FailureType", "value": "UserError"}]
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": "/subscriptions/1/providers/Microsoft.AlertsManagement/alerts/one-rule",
                "alertRule": "failed-runs",
                "severity": "Sev2",
                "signalType": "Metric",
                "monitorCondition": "Fired",
                "monitoringService": "Platform",
                "firedDateTime": "2026-11-20T03:21:07Z",
            },
            "alertContext": {
                "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": {
                    "allOf": [
                        {
                            "metricName": "PipelineFailedRuns",
                            "metricNamespace": "Microsoft.DataFactory/factories",
                            "dimensions": dimensions,
                            "metricValue": 1,
                        }
                    ]
                },
            },
        },
    }


def post_all(app: App, door: str, bodies: list[Body], at_once: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    with app.client(limits=limits) as client, ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda body: client.post(door, json=body), bodies))


def ids(answers: list[httpx.Response]) -> list[str]:
    return [answer.json()["ticket_id"] for answer in answers]


# The original's table 4.3: what was sent, and how many tickets it must make. Its own counts: 20, 20, 1, 20, 1, 1.
SENT: dict[str, tuple[str, Callable[[str], list[Body]]]] = {
    f"{RUNS} Data Factory runs of 20 pipelines": (
        "/azure-monitor",
        lambda mark: [adf(f"{mark}-p{n % 20}", f"{mark}-{n}") for n in range(RUNS)],
    ),
    f"{RUNS} Databricks runs of 20 jobs": (
        "/databricks-monitor",
        lambda mark: [databricks(f"{mark}-j{n % 20}", f"{mark}-{n}") for n in range(RUNS)],
    ),
    f"{RUNS} Databricks runs of as many jobs": (
        "/databricks-monitor",
        lambda mark: [databricks(f"{mark}-j{n}", f"{mark}-{n}") for n in range(RUNS)],
    ),
    f"{RUNS} Airflow runs of 20 DAGs": (
        "/airflow-monitor",
        lambda mark: [airflow(f"{mark}-d{n % 20}", f"manual__{n}") for n in range(RUNS)],
    ),
    "50 DAGs with the same scheduled run id": (
        "/airflow-monitor",
        lambda mark: [airflow(f"{mark}-d{n}", "scheduled__2026-11-20T00:00:00+00:00") for n in range(50)],
    ),
    "100 metric alerts about 100 pipelines": (
        "/azure-monitor",
        lambda mark: [metric_alert(f"{mark}-p{n}") for n in range(100)],
    ),
}


@pytest.mark.parametrize("what", SENT)
def test_as_many_tickets_as_failures_sent(busy_app: App, what: str) -> None:
    door, make = SENT[what]
    bodies = make(uuid4().hex[:8])
    answers = post_all(busy_app, door, bodies, at_once=10)
    # A busy emulator makes the app answer 503 now and then: senders send again.
    while again := [number for number, answer in enumerate(answers) if answer.status_code == 503]:
        for number, answer in zip(again, post_all(busy_app, door, [bodies[n] for n in again], at_once=2), strict=True):
            answers[number] = answer
    assert {answer.status_code for answer in answers} == {202}
    assert len(set(ids(answers))) == len(bodies)
    for ticket_id in ids(answers):
        busy_app.ticket(ticket_id)


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("/azure-monitor", lambda mark: adf("p", mark)),
        ("/databricks-monitor", lambda mark: databricks("j", mark)),
        ("/airflow-monitor", lambda mark: airflow("d", mark)),
    ],
)
def test_the_same_delivery_a_hundred_times_at_once_is_one_ticket(
    app: App, door: str, body: Callable[[str], Body]
) -> None:
    answers = post_all(app, door, [body(uuid4().hex)] * 100, at_once=50)
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
    assert len(set(ids(answers))) == 1
    assert {answer.json()["status"] for answer in answers} == {"accepted", "duplicate"}
    ticket = app.ticket(ids(answers)[0])
    assert len(ticket["reports"]) == 1
    assert [entry["action"] for entry in ticket["audit"]] == ["Ticket Created"]


def test_a_duplicate_that_says_something_new_is_added_to_the_ticket(app: App) -> None:
    run = uuid4().hex
    first = app.post("/azure-monitor", adf("p", run, activity="CopyOrders", message="Login failed for user 'etl'."))
    second = app.post("/azure-monitor", adf("p", run, activity="CopyStock", message="Deadlock."))
    assert (second.status_code, second.json()["status"]) == (200, "duplicate")
    assert second.json()["ticket_id"] == first.json()["ticket_id"]

    ticket = wait_for(
        lambda: (t := app.ticket(first.json()["ticket_id"])) and len(t["reports"]) == 2 and t, "the second report"
    )
    assert {report["entity"]["activity"] for report in ticket["reports"]} == {"CopyOrders", "CopyStock"}
    assert sorted(entry["action"] for entry in ticket["audit"]) == ["Report Added", "Ticket Created"]
    with app.client() as client:
        payloads = [
            client.get(f"/api/tickets/{ticket['id']}/log", params={"report": r["key"]}) for r in ticket["reports"]
        ]
    assert {payload.json()["activity"] for payload in payloads} == {"CopyOrders", "CopyStock"}


def test_a_job_and_its_failed_task_are_one_ticket_that_names_both_runs(app: App) -> None:
    job_run, task_run = uuid4().hex, uuid4().hex
    task = databricks("nightly", task_run) | {"task": {"task_key": "clean"}}
    task["run"]["parent_run_id"] = job_run
    first = app.post("/databricks-monitor", task)
    second = app.post("/databricks-monitor", databricks("nightly", job_run))
    assert second.json()["ticket_id"] == first.json()["ticket_id"]
    wait_for(
        lambda: set(app.ticket(first.json()["ticket_id"])["runs"]) == {job_run, task_run}, "both runs on the ticket"
    )


def test_a_failure_after_the_first_was_acknowledged_is_a_new_ticket(app: App) -> None:
    """A1: the original swallowed every later failure of a pipeline on the same day."""
    pipeline = f"p-{uuid4().hex}"
    first = app.ticket(app.post("/azure-monitor", adf(pipeline, uuid4().hex)).json()["ticket_id"])
    with app.client() as client:
        client.patch(f"/api/tickets/{first['id']}", json={"status": "acknowledged", "version": first["version"]})
    later = app.post("/azure-monitor", adf(pipeline, uuid4().hex))
    assert later.status_code == 202
    assert app.ticket(later.json()["ticket_id"])["id"] != first["id"]


def test_a_second_failing_task_of_a_run_is_a_ticket_of_its_own(app: App) -> None:
    """A4."""
    run = uuid4().hex
    answers = [app.post("/airflow-monitor", airflow("d", run, task_id=task)) for task in ("extract", "load")]
    assert [answer.status_code for answer in answers] == [202, 202]


def test_an_airflow_run_without_a_date_keeps_its_run_id(app: App) -> None:
    """A5: the original called it "Unknown", so that all of them merged."""
    run = f"manual__{uuid4().hex}"
    answer = app.post("/airflow-monitor", {"dag_id": "d", "run_id": run, "exception": "boom"})
    assert app.ticket(answer.json()["ticket_id"])["run_id"] == run


def test_two_senders_may_use_the_same_run_id(app: App) -> None:
    """A6: the original answered 500 and lost the alert."""
    run = uuid4().hex
    answers = [
        app.post("/azure-monitor", adf("p", run)),
        app.post("/databricks-monitor", databricks("j", run)),
        app.post("/airflow-monitor", airflow("d", run)),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]


RESOLVED = {
    "schemaId": "azureMonitorCommonAlertSchema",
    "data": {"essentials": {"alertId": "/a", "alertRule": "r", "monitorCondition": "Resolved"}},
}


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("/azure-monitor", RESOLVED),
        ("/databricks-monitor", {"event_type": "jobs.on_success", "run": {"run_id": 1}}),
        ("/databricks-monitor", {"event_type": "jobs.on_start", "run": {"run_id": 1}}),
        ("/airflow-monitor", {"dag_id": "d", "run_id": "r", "state": "success"}),
    ],
)
def test_what_is_no_failure_makes_no_ticket(app: App, door: str, body: Body) -> None:
    """A7."""
    answer = app.post(door, body)
    assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
    assert answer.json()["reason"]


def test_every_row_of_an_alert_is_a_failure(app: App) -> None:
    """A9: the original read the first row only."""
    columns = ["PipelineName", "PipelineRunId", "ErrorMessage"]
    mark = uuid4().hex
    alert = {
        "AlertRuleName": "adf-failed",
        "SearchQuery": "ADFActivityRun | where Status == 'Failed'",
        "Severity": "2",
        "SearchResult": {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [{"name": name, "type": "string"} for name in columns],
                    "rows": [[f"p{n}", f"{mark}-{n}", "boom"] for n in range(5)],
                }
            ]
        },
    }
    answer = app.post("/azure-monitor", alert)
    assert len({result["ticket_id"] for result in answer.json()["results"]}) == 5
