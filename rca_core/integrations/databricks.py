"""What a Databricks workspace says about a failed run: its tasks, their output and their cluster.

Calls and fields: Databricks REST API reference, "Get a single job run" and "Get the output for a single run" (Jobs
API 2.2; more than 100 tasks come in pages), "Get cluster info"; termination codes: Databricks SDK for Python,
`service/jobs.py` and `service/compute.py`.
"""

from collections.abc import Collection
from typing import Any

import msgspec

from rca_core.foundation.evidence import Evidence, EvidenceSource, dig, facts, objects, plain, run_links, words
from rca_core.foundation.failure import Failure
from rca_core.integrations.rest import LIMITS, Client, Limits, NoAnswer

MOST_TASKS = 5
MOST_CLUSTERS = 2

_MOST_PAGES = 10
_LOG_TAIL = 1_000_000
_RUNNING_OR_FINE = {"", "SUCCESS", "SUCCESS_WITH_FAILURES", "EXCLUDED", "DISABLED"}
_TERMINATION = ("status", "termination_details")
_CLUSTER_CODES = {"CLUSTER_ERROR", "CLUSTER_REQUEST_LIMIT_EXCEEDED", "CLOUD_FAILURE", "DRIVER_ERROR"}
_CLUSTER_CODES |= {"INVALID_CLUSTER_REQUEST", "LIBRARY_INSTALLATION_ERROR"}
_ORDINARY_ENDS = {"INACTIVITY", "USER_REQUEST", "JOB_FINISHED", "SUCCESS"}

_Part = dict[str, Any]


def fetch(host: str | None, token: str | None, failure: Failure, limits: Limits = LIMITS) -> list[Evidence]:
    """What the workspace at `host` says about the failure; at least one Evidence, whatever the workspace does."""
    run_id = words(failure.entity.get("parent_run_id")) or failure.run_id or ""
    cluster_id = words(failure.entity.get("cluster_id"))
    source: EvidenceSource = "databricks run"
    missing = [name for name, value in (("DATABRICKS_HOST", host), ("DATABRICKS_TOKEN", token)) if not value]
    if missing or not host or not token:
        return [
            Evidence(
                source=source,
                status="no_data",
                note=f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            )
        ]
    if not run_id and not cluster_id:
        return [Evidence(source=source, status="no_data", note="The report names neither a run nor a cluster.")]
    try:
        with Client("DATABRICKS_HOST", host, f"Bearer {token}", limits) as client:
            if not run_id:
                return [_cluster(client, cluster_id)]
            return _run(client, run_id, failure)
    except NoAnswer as refusal:
        return [Evidence(source=source, status="error", note=refusal.note)]


def _run(client: Client, run_id: str, failure: Failure) -> list[Evidence]:
    run, note = _read_run(client, run_id)
    failed = _failed_tasks(run, {failure.run_id or run_id, words(failure.entity.get("task_key"))} - {""})
    if not run["tasks"] and not failed and _has_failed(run):
        failed = [run]  # a run of one task, as older workspaces show it
    summary = _summary(run, run_id, failed, note)
    outputs = [evidence for task in failed[:MOST_TASKS] for evidence in _task(client, task)]
    clusters = dict.fromkeys(
        found
        for part in (run, *failed[:MOST_TASKS])
        if _is_about_the_cluster(part)
        and (found := _cluster_id(part) or _cluster_id(run) or words(failure.entity.get("cluster_id")))
    )
    return [summary, *outputs, *(_cluster(client, cluster_id) for cluster_id in list(clusters)[:MOST_CLUSTERS])]


def _read_run(client: Client, run_id: str) -> tuple[_Part, str]:
    """The run with the tasks of all its pages, and what is missing from it."""
    run: _Part = {}
    parts: dict[str, list[_Part]] = {"tasks": [], "iterations": []}
    query, note = {"run_id": run_id}, ""
    for _ in range(_MOST_PAGES):
        try:
            page = client.get("/api/2.2/jobs/runs/get", query).document()
        except NoAnswer as refusal:
            if not run:
                raise
            note = f"Some tasks are missing: {refusal.note}"
            break
        run = run or page
        for name, found in parts.items():
            found += objects(page.get(name))
        query["page_token"] = words(page.get("next_page_token"))
        if not query["page_token"]:
            break
    else:
        note = f"Only the first {_MOST_PAGES} pages of tasks were read."
    return {**run, **parts}, note


def _failed_tasks(run: _Part, reported: Collection[str] = ()) -> list[_Part]:
    """The last attempt of each task that failed: those `reported` first, then causes before cancellations."""
    last: dict[str, _Part] = {}
    for task in sorted(run["tasks"], key=lambda task: words(task.get("attempt_number")).zfill(9)):
        last[words(task.get("task_key")) or words(task.get("run_id"))] = task
    failed = [task for task in (*last.values(), *run["iterations"]) if _has_failed(task)]
    causes = [task for task in failed if not _result(task).startswith("UPSTREAM_")]

    def order(task: _Part) -> tuple[bool, bool]:
        named = words(task.get("run_id")) in reported or words(task.get("task_key")) in reported
        return not named, _result(task).startswith("CANCEL")

    return sorted(causes or failed, key=order)


def _task(client: Client, task: _Part, depth: int = 0) -> list[Evidence]:
    """What one task says; where it only runs others (for-each, another job), those that failed, one level deep."""
    run_id, note = words(task.get("run_id")), ""
    output: _Part = {}
    inner = run_id if "for_each_task" in task else ""
    try:
        if not inner:
            output = client.get("/api/2.2/jobs/runs/get-output", {"run_id": run_id}).document()
            inner = words(dig(output, "run_job_output", "run_id"))
    except NoAnswer as refusal:
        note = f"No output: {refusal.note}"
    found = [_task_evidence(task, output, note)]
    if inner and depth == 0:
        try:
            run, _ = _read_run(client, inner)
        except NoAnswer as refusal:
            return [msgspec.structs.replace(found[0], note=f"Its own run is missing: {refusal.note}")]
        for part in _failed_tasks(run)[:2]:
            found = [*_task(client, part, depth + 1), *found]
    return found


def _task_evidence(task: _Part, output: _Part, note: str) -> Evidence:
    error, trace = plain(words(output.get("error"))), plain(words(output.get("error_trace")))
    logs = plain(words(output.get("logs"))[-_LOG_TAIL:])
    said = _message(task)
    if output.get("logs_truncated") or len(words(output.get("logs"))) > _LOG_TAIL:
        note = f"{note} Only the end of its log is here.".strip()
    parts = ["" if error and error in trace else error, trace, logs]
    key = words(task.get("task_key")) or words(task.get("run_name"))
    return Evidence(
        source="databricks task output",
        status="data" if any(parts) or said else "error" if note else "no_data",
        note=note or ("" if any(parts) else "The task left no output, only its state."),
        title=f"Task {key} {_result(task) or _code(task)}".strip(),
        text="\n".join(filter(None, parts)) or said,
        error_code=_code(task) or None,
        message=error or trace.rpartition("\n")[2] or said or logs.rpartition("\n")[2] or None,
        links=run_links(words(task.get("run_page_url"))),
        entity=facts(
            task_key=key,
            run_id=words(task.get("run_id")),
            attempt=task.get("attempt_number"),
            cluster_id=_cluster_id(task),
            result_state=_result(task),
            termination_type=words(dig(task, *_TERMINATION, "type")),
            notebook=words(dig(task, "notebook_task", "notebook_path")),
        ),
    )


def _summary(run: _Part, run_id: str, failed: list[_Part], note: str) -> Evidence:
    said = _message(run)
    listed = [f"Task {words(task.get('task_key'))}: {_result(task) or _code(task)}" for task in failed if task != run]
    if not failed:
        state = _result(run) or _code(run) or words(dig(run, "state", "life_cycle_state")) or "of unknown state"
        note = f"{note} No task of the run has failed; the run is {state}.".strip()
    elif len(failed) > MOST_TASKS:
        note = f"{note} Output was fetched for {MOST_TASKS} of {len(failed)} failed tasks.".strip()
    return Evidence(
        source="databricks run",
        status="data" if failed or said else "no_data",
        note=note,
        title=f"Run {run_id} of {words(run.get('run_name')) or 'a job'}",
        text="\n".join(filter(None, [said, *listed])),
        error_code=_code(run) or None,
        message=said or None,
        links=run_links(words(run.get("run_page_url"))),
        entity=facts(
            run_id=run_id,
            job_id=words(run.get("job_id")),
            job_name=words(run.get("run_name")),
            failed_tasks=[words(task.get("task_key")) for task in failed if task != run],
            result_state=_result(run),
        ),
    )


def _cluster(client: Client, cluster_id: str) -> Evidence:
    source: EvidenceSource = "databricks cluster"
    try:
        cluster = client.get("/api/2.1/clusters/get", {"cluster_id": cluster_id}).document()
    except NoAnswer as refusal:
        return Evidence(source=source, status="error", note=refusal.note, entity={"cluster_id": cluster_id})
    reason, parameters = cluster.get("termination_reason"), dig(cluster, "termination_reason", "parameters")
    code, state, said = (
        words(dig(reason, "code")),
        words(cluster.get("state")),
        plain(words(cluster.get("state_message"))),
    )
    details = [f"{key}: {words(value)}" for key, value in parameters.items()] if isinstance(parameters, dict) else []
    failed = state == "ERROR" or (code and code not in _ORDINARY_ENDS)
    name = words(cluster.get("cluster_name")) or cluster_id
    return Evidence(
        source=source,
        status="data" if failed else "no_data",
        note=""
        if failed
        else f"The cluster did not fail: it is {state or 'of unknown state'} ({code or 'no reason'}).",
        title=f"Cluster {name} {state}".strip(),
        text=plain("\n".join(filter(None, [said, code and f"Termination reason: {code}", *details]))),
        error_code=code or None if failed else None,
        message=(said or "; ".join(details) or code or None) if failed else None,
        entity=facts(
            cluster_id=cluster_id,
            cluster_name=name,
            state=state,
            termination_type=words(dig(reason, "type")),
            spark_version=words(cluster.get("spark_version")),
            node_type=words(cluster.get("node_type_id")),
        ),
    )


def _code(part: _Part) -> str:
    code = words(dig(part, *_TERMINATION, "code"))
    return "" if code == "SUCCESS" else code


def _message(part: _Part) -> str:
    return plain(words(dig(part, *_TERMINATION, "message")) or words(dig(part, "state", "state_message")))


def _result(part: _Part) -> str:
    result = words(dig(part, "state", "result_state"))
    return result or ("INTERNAL_ERROR" if _is_internal(part) else "")


def _is_internal(part: _Part) -> bool:
    return words(dig(part, "state", "life_cycle_state")) == "INTERNAL_ERROR"


def _has_failed(part: _Part) -> bool:
    return _result(part) not in _RUNNING_OR_FINE or bool(_code(part) and not _result(part))


def _cluster_id(part: _Part) -> str:
    return words(dig(part, "cluster_instance", "cluster_id")) or words(part.get("existing_cluster_id"))


def _is_about_the_cluster(part: _Part) -> bool:
    if _code(part) in _CLUSTER_CODES or words(dig(part, *_TERMINATION, "type")) == "CLOUD_FAILURE":
        return True
    said = _message(part).lower()
    return _is_internal(part) and ("cluster" in said or "driver" in said)
