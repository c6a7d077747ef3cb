"""Real Airflow 2 and 3: their tasks and DAG runs fail, and the tickets are there. `make airflow-check` runs this.

Not part of `make test`: the first time it installs both, and then it takes some minutes. `dags/check_dags.py` are the
DAGs; all of them run once, as they do in production: scheduled, each task in a process of its own.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.airflow.installation import Airflow, environment
from tests.support.app import App, wait_for

RUN = "scheduled__2024-01-01T00:00:00+00:00"
VERSIONS = {"Airflow 2": 2, "Airflow 3": 3}
MINUTES = 60

Ticket = dict[str, Any]


@pytest.fixture(scope="module", params=VERSIONS)
def airflow(request: pytest.FixtureRequest, app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """An Airflow that reports to the app, once all its DAGs have run."""
    version = VERSIONS[request.param]
    packages = environment(version)
    base = packages.find_python()
    assert base, f"{request.param} needs one of Python {', '.join(packages.versions)}, on PATH or from pyenv"
    home = tmp_path_factory.mktemp(f"airflow{version}") / "home"
    with Airflow(version, packages.make(base), home, app.url, app.key) as running:
        listed = "select dag_id from dag where dag_id = 'rca_example'"
        wait_for(lambda: running.rows(listed), "the example to be listed", 3 * MINUTES, every=1)
        running.run("dags", "trigger", "rca_example")
        wait_for(lambda: all_have_run(running), "all DAGs to have run", 6 * MINUTES, every=1)
        yield running
    assert app.key not in "".join(running.logs().values())


def all_have_run(airflow: Airflow) -> bool:
    dags = dict(airflow.rows("select dag_id, '' from dag"))
    runs = airflow.rows("select dag_id, state from dag_run")
    return {dag for dag, state in runs if state in ("failed", "success")} == set(dags)


def all_tickets(app: App, airflow: Airflow, pipeline: str = "") -> list[Ticket]:
    listed = app.get("/api/tickets", q=pipeline, source="airflow", limit=200)["items"]
    read = [app.ticket(one["id"]) for one in reversed(listed) if pipeline in ("", one["pipeline"])]
    return [one for one in read if one["affected_entity"]["deployment"] == airflow.page]


def reported(app: App, airflow: Airflow) -> set[str]:
    """What there are tickets of."""
    return {one["pipeline"] for one in all_tickets(app, airflow)}


def tickets(app: App, airflow: Airflow, pipeline: str, at_least: int = 1) -> list[Ticket]:
    """The tickets of a task (`dag/task`) or of a DAG's run, from this Airflow, the oldest first."""

    def found() -> list[Ticket]:
        ours = all_tickets(app, airflow, pipeline)
        return ours if len(ours) >= at_least else []

    return wait_for(found, f"tickets of {pipeline}", 2 * MINUTES, every=1)


def ticket(app: App, airflow: Airflow, pipeline: str) -> Ticket:
    (one,) = tickets(app, airflow, pipeline)
    return one


def state(airflow: Airflow, dag_id: str, task_id: str) -> str:
    ((found,),) = airflow.rows("select state from task_instance where dag_id = ? and task_id = ?", dag_id, task_id)
    return found


def test_a_failed_task(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/plain")
    entity = made["affected_entity"]
    assert made["error_type"] == "NetworkError"
    assert made["error_code"] == "ConnectionRefusedError"
    assert made["message"] == "[Errno 111] Connection refused: warehouse:5432"
    assert made["run_id"] == RUN
    assert made["labels"] == {"owner": "harbour-data", "tags": "check, prod"}
    assert entity["airflow_version"].startswith(f"{airflow.version}.")
    assert (entity["dag_id"], entity["task_id"]) == ("check_tasks", "plain")
    assert (entity["try_number"], entity["max_tries"]) == ("1", 0)
    assert entity["operator"] == "_PythonDecoratedOperator"
    assert entity["hostname"] and entity["queue"] == "default" and entity["pool"] == "default_pool"
    assert entity["logical_date"] == "2024-01-01T00:00:00+00:00"
    assert entity["start_date"] < entity["end_date"]
    assert entity["duration"] > 0
    (link,) = [link["url"] for link in made["links"] if link["kind"] == "log"]
    assert link.startswith(airflow.page) and "plain" in link
    assert made["id"] in airflow.logs_of("check_tasks", "plain")


def test_the_archive_has_the_traceback_and_no_more_than_is_needed(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/plain")
    with app.client() as client:
        archived = client.get(f"/api/tickets/{made['id']}/log").text
    assert "check_dags.py" in archived and "in plain" in archived
    assert "not-to-be-sent" not in archived


def test_of_mapped_tasks_the_one_that_failed(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/mapped")
    assert made["affected_entity"]["map_index"] == "1"
    assert made["error_type"] == "CodeError"


def test_of_a_task_that_was_tried_again_the_last_try(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/tried_again")
    assert made["affected_entity"]["try_number"] == "2"


def test_each_try_where_that_is_asked_for(app: App, airflow: Airflow) -> None:
    made = tickets(app, airflow, "check_tasks/each_try", at_least=2)
    assert [one["affected_entity"]["try_number"] for one in made] == ["1", "2"]


def test_a_sensor_that_timed_out(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/sensor")
    assert made["error_code"].endswith(".AirflowSensorTimeout")
    assert made["error_type"] == "ExternalServiceError"


def test_a_task_that_was_deferred(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_tasks/deferred")
    assert "PermissionError" in [report["error_code"] for report in made["reports"]]


def test_a_failed_run(app: App, airflow: Airflow) -> None:
    made = ticket(app, airflow, "check_run")
    assert made["run_id"] == RUN
    assert made["message"] == "task_failure"
    assert made["labels"] == {"owner": "harbour-data"}
    assert "task_id" not in made["affected_entity"]


def test_nothing_else_is_reported(app: App, airflow: Airflow) -> None:
    """No task that succeeded or is still tried, and of a DAG with a callback for its runs no task."""
    of_tasks = {f"check_tasks/{task}" for task in ("plain", "mapped", "tried_again", "each_try", "sensor", "deferred")}
    found = {pipeline for pipeline in reported(app, airflow) if pipeline.startswith(("check_tasks", "check_run"))}
    assert found == of_tasks | {"check_run"}


def test_the_example_gives_two_tickets(app: App, airflow: Airflow) -> None:
    task, run = ticket(app, airflow, "rca_example/load"), ticket(app, airflow, "rca_example")
    assert task["error_type"] == "NetworkError"
    assert task["affected_entity"]["try_number"] == "2"
    assert task["run_id"] == run["run_id"]
    assert run["run_id"].startswith("manual__")


def test_a_server_that_is_down_changes_nothing(airflow: Airflow) -> None:
    assert state(airflow, "check_down", "unheard") == "failed"
    log = airflow.logs_of("check_down", "unheard")
    assert "no ticket was made" in log and "tried 3 times" in log
    for complaint in ("Failed to run task callback", "Failed to send notification", "Error when executing"):
        assert complaint not in log


def test_a_missed_deadline(app: App, airflow: Airflow) -> None:
    if airflow.version == 2:
        pytest.skip("Airflow 2 has no deadlines")
    made = ticket(app, airflow, "check_deadline")
    assert made["message"] == "deadline_missed"
    assert made["run_id"] == RUN


def test_a_task_that_was_killed(app: App, airflow: Airflow) -> None:
    """As by the kernel, for want of memory. Airflow 3 calls no callback of the task then, but that of the run."""
    assert state(airflow, "check_killed", "killed") == "failed"
    assert ticket(app, airflow, "check_killed")["message"] == "task_failure"
    if airflow.version == 2:
        assert ticket(app, airflow, "check_killed/killed")["message"]
    else:
        assert "check_killed/killed" not in reported(app, airflow)
