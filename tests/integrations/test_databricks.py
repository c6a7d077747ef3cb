"""What a Databricks workspace is asked about a failed run, and what becomes of its answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure, Link
from rca_core.integrations.databricks import fetch
from rca_core.integrations.rest import LIMITS, Limits
from tests.integrations.servers import (
    QUICK,
    TOKEN,
    TROUBLE,
    Reply,
    Request,
    Server,
    nobody_listens,
    said,
    serving,
)

GET, OUTPUT, CLUSTER = "/api/2.2/jobs/runs/get", "/api/2.2/jobs/runs/get-output", "/api/2.1/clusters/get"
PAGE = "https://adb-740.0.azuredatabricks.net/?o=740#job/28/run/4184"
TRACE = "\x1b[0;31mAnalysisException\x1b[0m: [UNRESOLVED_COLUMN] no column `team_names`"


def task(
    key: str, run_id: int, result: str = "FAILED", code: str = "RUN_EXECUTION_ERROR", **more: Any
) -> dict[str, Any]:
    message = more.pop("message", "Workload failed, see run output for details")
    return {
        "run_id": run_id,
        "task_key": key,
        "attempt_number": 0,
        "run_page_url": f"{PAGE}{run_id}",
        "state": {"life_cycle_state": "TERMINATED", "result_state": result, "state_message": message},
        "status": {"state": "TERMINATED", "termination_details": {"code": code, "message": message}},
        "cluster_instance": {"cluster_id": f"0514-{run_id}"},
        **more,
    }


def run(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"job_id": 28, "run_id": 4184, "run_name": "nightly-etl", "tasks": list(tasks), **task("", 4184), **more}


class Workspace:
    """Runs, outputs and clusters by id; what is not there is answered as Databricks does."""

    def __init__(self, *runs: dict[str, Any], outputs: dict[int, Any] | None = None, clusters: Any = None) -> None:
        self.runs = {str(found["run_id"]): found for found in runs}
        self.outputs = {str(key): value for key, value in (outputs or {}).items()}
        self.clusters: dict[str, Any] = clusters or {}

    def __call__(self, request: Request) -> Reply:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        known = {GET: self.runs, OUTPUT: self.outputs, CLUSTER: self.clusters}[request.path]
        asked = request.query.get("run_id") or request.query["cluster_id"]
        found = known.get(asked)
        if isinstance(found, Reply):
            return found
        if found is None:
            return said({"error_code": "INVALID_PARAMETER_VALUE", "message": f"{asked} does not exist."}, 400)
        return said(found)


def failure(run_id: str | None = "4184", **entity: Any) -> Failure:
    return Failure(
        source="databricks",
        run_key=("x",),
        report_key="x",
        pipeline="p",
        title="t",
        message="",
        run_id=run_id,
        entity=entity,
    )


def ask(workspace: Any, reported: Failure | None = None, limits: Limits = QUICK) -> tuple[list[Evidence], Server]:
    with serving(workspace) as server:
        return fetch(server.url, TOKEN, reported or failure(), limits), server


def of(found: list[Evidence], source: str) -> list[Evidence]:
    return [evidence for evidence in found if evidence.source == source]


def test_a_notebook_that_failed() -> None:
    outputs = {1: {"error": "AnalysisException: no column", "error_trace": TRACE, "notebook_output": {}}}
    skipped = task("publish", 2, "UPSTREAM_FAILED", message="An upstream task failed.")
    found, server = ask(Workspace(run(task("load", 1), skipped, task("ok", 3, "SUCCESS", "SUCCESS")), outputs=outputs))
    assert [evidence.source for evidence in found] == ["databricks run", "databricks task output"]
    summary, output = found
    assert summary.status == output.status == "data"
    assert summary.entity["failed_tasks"] == ["load"]
    assert summary.links == (Link("run", f"{PAGE}4184"),)
    assert output.message == "AnalysisException: no column"
    assert output.text == "AnalysisException: no column\nAnalysisException: [UNRESOLVED_COLUMN] no column `team_names`"
    assert output.error_code == "RUN_EXECUTION_ERROR"
    assert output.entity == {
        "task_key": "load",
        "run_id": "1",
        "attempt": 0,
        "cluster_id": "0514-1",
        "result_state": "FAILED",
    }
    assert output.note == ""
    assert [request.query["run_id"] for request in server.asked] == ["4184", "1"]


def test_the_shared_samples(cases: Path) -> None:
    sample = json.loads((cases / "payloads" / "databricks_api_runs_get_failed.json").read_text())
    output = json.loads((cases / "payloads" / "databricks_api_runs_get_output_failed.json").read_text())
    workspace = Workspace(sample, outputs={sample["tasks"][0]["run_id"]: output})
    found, _ = ask(workspace, failure(str(sample["run_id"])))
    (told,) = of(found, "databricks task output")
    assert told.message is not None and told.message.startswith("AnalysisException: [UNRESOLVED_COLUMN")
    assert "df.select('team_names')" in told.text
    assert told.entity["notebook"] == "/Repos/etl/load_orders"


def test_several_failed_tasks_the_reported_one_first_cancellations_last() -> None:
    tasks = [task("c", 3, "CANCELED", "CANCELED"), task("a", 1), task("t", 4, "TIMEDOUT"), task("b", 2)]
    found, _ = ask(Workspace(run(*tasks)), failure("2", parent_run_id="4184", task_key="b"))
    told = of(found, "databricks task output")
    assert [evidence.entity["task_key"] for evidence in told] == ["b", "a", "t", "c"]
    assert {evidence.status for evidence in told} == {"data"}
    assert told[0].note.startswith("No output: GET /api/2.2/jobs/runs/get-output answered 400")
    assert told[0].text == "Workload failed, see run output for details"


def test_at_most_five_tasks_are_asked_for() -> None:
    found, server = ask(Workspace(run(*(task(f"t{n}", n) for n in range(1, 9)))))
    assert len(of(found, "databricks task output")) == 5
    assert found[0].note == "Output was fetched for 5 of 8 failed tasks."
    assert server.paths.count(OUTPUT) == 5


def test_of_a_retried_task_the_last_attempt_counts() -> None:
    tasks = [
        task("a", 1),
        task("a", 2, "SUCCESS", "SUCCESS", attempt_number=1),
        task("b", 3, attempt_number=1),
        task("b", 4),
    ]
    found, _ = ask(Workspace(run(*tasks)))
    assert [evidence.entity["run_id"] for evidence in of(found, "databricks task output")] == ["3"]


def test_upstream_failures_count_when_there_is_nothing_else() -> None:
    found, _ = ask(Workspace(run(task("a", 1, "UPSTREAM_FAILED"))))
    assert [evidence.entity["task_key"] for evidence in of(found, "databricks task output")] == ["a"]


def test_failed_tasks_on_later_pages() -> None:
    first = run(task("ok", 1, "SUCCESS", "SUCCESS"), next_page_token="p2", has_more=True)
    second = run(task("late", 2))
    workspace = Workspace(first)

    def answer(request: Request) -> Reply:
        return said(second) if request.query.get("page_token") == "p2" else workspace(request)

    found, _ = ask(answer)
    assert found[0].entity["failed_tasks"] == ["late"]


def test_pages_without_end_are_left() -> None:
    found, server = ask(Workspace(run(task("a", 1), next_page_token="again")))
    assert found[0].note == "Only the first 10 pages of tasks were read."
    assert server.paths.count(GET) == 10


def test_a_page_that_fails_is_told() -> None:
    workspace = Workspace(run(task("a", 1), next_page_token="p2"))
    found, _ = ask(lambda r: Reply(500) if "page_token" in r.query else workspace(r))
    assert found[0].note.startswith("Some tasks are missing: GET /api/2.2/jobs/runs/get answered 500")
    assert found[0].entity["failed_tasks"] == ["a"]


LOST = {
    "cluster_name": "job-28-run-4184",
    "state": "TERMINATED",
    "state_message": "",
    "termination_reason": {
        "code": "AZURE_QUOTA_EXCEEDED_EXCEPTION",
        "type": "CLIENT_ERROR",
        "parameters": {"azure_error_message": "exceeding approved standardDSv2Family Cores quota"},
    },
    "num_workers": 8,
}


def test_a_cluster_that_failed_says_why() -> None:
    broken = task("a", 1, "FAILED", "CLUSTER_ERROR", message="Cluster 0514-1 was terminated.")
    found, _ = ask(Workspace(run(broken), outputs={1: {}}, clusters={"0514-1": LOST}))
    (cluster,) = of(found, "databricks cluster")
    assert cluster.error_code == "AZURE_QUOTA_EXCEEDED_EXCEPTION"
    assert cluster.message == "azure_error_message: exceeding approved standardDSv2Family Cores quota"
    assert cluster.text.splitlines()[0] == "Termination reason: AZURE_QUOTA_EXCEEDED_EXCEPTION"
    assert cluster.entity["termination_type"] == "CLIENT_ERROR"
    (told,) = of(found, "databricks task output")
    assert (told.status, told.message) == ("data", "Cluster 0514-1 was terminated.")
    assert told.note == "The task left no output, only its state."


def test_an_internal_error_that_speaks_of_the_driver_asks_for_the_cluster() -> None:
    state = {"life_cycle_state": "INTERNAL_ERROR", "state_message": "Could not reach driver of cluster 0514-1."}
    fine = {**LOST, "state": "TERMINATED", "termination_reason": {"code": "JOB_FINISHED", "type": "SUCCESS"}}
    found, _ = ask(Workspace(run(task("a", 1, state=state, status={})), clusters={"0514-1": fine}))
    (cluster,) = of(found, "databricks cluster")
    assert (cluster.status, cluster.note) == ("no_data", "The cluster did not fail: it is TERMINATED (JOB_FINISHED).")


def test_a_report_about_a_cluster_alone() -> None:
    found, server = ask(Workspace(clusters={"0514-9": LOST}), failure(None, cluster_id="0514-9"))
    assert [evidence.source for evidence in found] == ["databricks cluster"]
    assert server.paths == [CLUSTER]


def test_a_cluster_that_cannot_be_read() -> None:
    found, _ = ask(Workspace(run(task("a", 1, code="DRIVER_ERROR"))))
    (cluster,) = of(found, "databricks cluster")
    assert cluster.status == "error"
    assert cluster.note == "GET /api/2.1/clusters/get answered 400: refused (0514-1 does not exist)."


def test_a_script_s_log_is_kept_from_its_end() -> None:
    log = "first line\n" + "x" * 1_100_000 + "\nKeyError: 'amount'"
    found, _ = ask(Workspace(run(task("a", 1)), outputs={1: {"logs": log, "logs_truncated": True}}))
    (told,) = of(found, "databricks task output")
    assert told.text.endswith("KeyError: 'amount'") and "first line" not in told.text
    assert told.note == "Only the end of its log is here."


def test_a_failed_iteration_of_a_for_each_task() -> None:
    loop = task("loop", 1, for_each_task={"inputs": "[1,2]"}, message="1 of 2 iterations failed")
    nested = {"run_id": 1, "iterations": [task("loop_iteration", 11, "SUCCESS", "SUCCESS"), task("loop_iteration", 12)]}
    found, _ = ask(Workspace(run(loop), nested, outputs={12: {"error": "ValueError: bad"}}))
    assert [evidence.message for evidence in of(found, "databricks task output")] == [
        "ValueError: bad",
        "1 of 2 iterations failed",
    ]


def test_a_job_that_runs_another_job() -> None:
    inner = {**run(task("deep", 21)), "run_id": 20}
    outputs = {1: {"run_job_output": {"run_id": 20}}, 21: {"error": "OutOfMemoryError: heap"}}
    found, _ = ask(Workspace(run(task("call", 1)), inner, outputs=outputs))
    told = of(found, "databricks task output")
    assert [evidence.entity["task_key"] for evidence in told] == ["deep", "call"]


def test_a_run_without_tasks_is_its_own_task() -> None:
    found, _ = ask(Workspace(run(), outputs={4184: {"error": "ImportError: x"}}))
    assert of(found, "databricks task output")[0].message == "ImportError: x"


def test_a_run_that_goes_on_has_no_failure() -> None:
    going = {"run_id": 4184, "state": {"life_cycle_state": "RUNNING"}, "tasks": []}
    found, _ = ask(Workspace(going))
    assert [(evidence.status, evidence.note) for evidence in found] == [
        ("no_data", "No task of the run has failed; the run is RUNNING.")
    ]


def test_strange_shapes_are_survived() -> None:
    strange = {
        "run_id": 4184,
        "tasks": [None, {"state": []}, {"state": {"result_state": "FAILED"}, "run_id": {}}],
        "status": "TERMINATED",
        "state": {"result_state": ["FAILED"]},
        "run_page_url": "javascript:alert(1)",
    }
    found, _ = ask(Workspace(strange))
    assert found[0].links == ()
    assert len(found) == 2


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_becomes_one_error(name: str) -> None:
    reply, expected = TROUBLE[name]
    (found,), _ = ask(reply)
    assert (found.source, found.status) == ("databricks run", "error")
    assert expected in found.note
    assert TOKEN not in repr(found)


def test_nobody_listens() -> None:
    (found,) = fetch(nobody_listens(), TOKEN, failure(), QUICK)
    assert found.note == "GET /api/2.2/jobs/runs/get: no connection to the host in the settings."


def test_an_output_of_20_mb_leaves_the_state() -> None:
    workspace = Workspace(run(task("a", 1)), outputs={1: {"logs": "x" * 20_000_000}})
    found, _ = ask(workspace, limits=LIMITS)
    (told,) = of(found, "databricks task output")
    assert told.status == "data"
    assert "was longer than we read: only the first 8 MiB were read" in told.note


@pytest.mark.parametrize(
    ("host", "token", "reported", "note"),
    [
        (None, None, failure(), "DATABRICKS_HOST and DATABRICKS_TOKEN are not set."),
        ("https://adb-1.azuredatabricks.net", "", failure(), "DATABRICKS_TOKEN is not set."),
        ("https://adb-1.azuredatabricks.net", "x", failure(None), "The report names neither a run nor a cluster."),
    ],
)
def test_without_the_means_nothing_is_asked(host: Any, token: Any, reported: Failure, note: str) -> None:
    (found,) = fetch(host, token, reported, QUICK)
    assert (found.status, found.note) == ("no_data", note)
