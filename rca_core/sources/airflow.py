"""Airflow 2 and 3: the notifier's `rca.airflow/1`, flat bodies of a callback, and whole callback contexts.

Context keys and attributes: Airflow documentation, "Callbacks" and "Templates reference"; DAG-level callbacks bring
`reason` and an arbitrary task instance of the run, whose state says nothing about the failure.
"""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import airflow_repr
from rca_core.sources.airflow_exception import Problem, read_problem
from rca_core.sources.reading import columns, first, identifier, mapping, name, pick, pick_id, sequence, text, utc_time
from rca_core.sources.shaping import (
    Outcome,
    digest,
    entity,
    is_web_address,
    labels,
    links,
    report_key,
    run_key,
    runs,
    title,
)

SCHEMA = "rca.airflow/1"

_EVENTS_OF_FAILURE = {"task_failed", "dag_failed", "task_failure", "dag_failure"}
_EVENTS_WITHOUT_FAILURE = (
    {"task_succeeded", "task_success", "dag_succeeded", "dag_success", "task_retry", "task_retrying"}
    | {"task_up_for_retry", "task_skipped", "task_started", "task_running", "task_execute"}
    | {"dag_started", "dag_running"}
)
_NOT_FAILED = {
    "success": "it succeeded",
    "succeeded": "it succeeded",
    "running": "it is still running",
    "queued": "it has not run yet",
    "scheduled": "it has not run yet",
    "restarting": "it is being restarted",
    "deferred": "it waits for its trigger",
    "up_for_retry": "Airflow will retry it by itself",
    "up_for_reschedule": "Airflow will run it again by itself",
    "skipped": "it was skipped",
    "removed": "it was removed from the DAG",
}
_DEPLOYMENT = ("airflowbaseurl", "baseurl", "deployment", "instance", "airflowurl")


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a body says, whichever form it has."""

    kind: str
    dag_id: str
    task_id: str
    run_id: str
    when: str
    map_index: str
    try_number: str
    state: str
    state_is_shown_text: bool
    reason: str
    problem: Problem
    values: dict[str, Any]
    log_url: str
    operator: str
    is_about_the_dag: bool


def read(element: dict[str, Any]) -> Outcome:
    """What one body reports."""
    event = _read_event(element)
    if not event.dag_id:
        raise UnprocessablePayload("dag_id is missing; every Airflow body names its DAG.", field="dag_id")
    return _ignored(event) or _failure(element, event)


def _read_event(element: dict[str, Any]) -> _Event:
    instance, task = _object(element, "task_instance", "ti"), mapping(element.get("task"))
    dag, dag_run = mapping(element.get("dag")), mapping(element.get("dag_run"))
    values = columns(element, instance)
    shown_task, shown_dag = text(element.get("task")), text(element.get("dag"))
    run_dag, run_of_run, run_state = airflow_repr.read_dag_run(text(element.get("dag_run")))
    known_dag = first(
        identifier(element.get("dag_id")), name(dag.get("dag_id")), airflow_repr.in_angles(shown_dag, "DAG"), run_dag
    )
    known_task = first(identifier(element.get("task_id")), airflow_repr.in_angles(shown_task, "Task(", "Mapped("))
    shown = airflow_repr.read_task_instance(
        first(text(element.get("task_instance")), text(element.get("ti"))),
        dag_id=known_dag,
        task_id=known_task,
        key=name(element.get("task_instance_key_str")),
    )
    kind, reason = _kind(element), name(element.get("reason"))
    of_the_dag = kind.startswith("dag_") or (bool(reason) and "task_id" not in element and "exception" not in element)
    task_id = first(
        identifier(element.get("task_id")),
        name(instance.get("task_id")),
        name(task.get("task_id")),
        shown.task_id,
        known_task,
    )
    own_state = first(name(element.get("state")), name(instance.get("state")))
    run_state = first(name(dag_run.get("state")), run_state)
    return _Event(
        kind=kind,
        dag_id=first(
            known_dag, name(instance.get("dag_id")), name(dag_run.get("dag_id")), name(task.get("dag_id")), shown.dag_id
        ),
        task_id="" if of_the_dag else task_id,
        run_id=first(
            identifier(element.get("run_id")),
            identifier(dag_run.get("run_id")),
            identifier(instance.get("run_id")),
            shown.run_id,
            run_of_run,
        ),
        when=_logical_date(values, dag_run),
        map_index="" if of_the_dag else _map_index(first(pick(values, "mapindex"), shown.map_index)),
        try_number="" if of_the_dag else first(pick_id(values, "trynumber"), shown.try_number),
        state=first(own_state, "" if of_the_dag else shown.state, "" if task_id and not of_the_dag else run_state),
        state_is_shown_text=not own_state,
        reason=reason,
        is_about_the_dag=of_the_dag or not task_id,
        problem=read_problem(element, values),
        values=columns(values, {"max_tries": shown.max_tries, "hostname": shown.hostname}, task, dag),
        log_url=first(text(values.get("logurl")), shown.log_url),
        operator=first(pick(values, "operator"), name(task.get("operator")), airflow_repr.operator(shown_task)),
    )


def _object(element: dict[str, Any], *keys: str) -> dict[str, Any]:
    return next((found for key in keys if (found := mapping(element.get(key)))), {})


def _kind(element: dict[str, Any]) -> str:
    sent = first(name(element.get("event")), name(element.get("event_type"))).lower()
    versioned = text(element.get("schema")).lower().startswith("rca.airflow/")
    return sent if versioned or sent.startswith(("task_", "dag_")) else ""


def _logical_date(values: dict[str, Any], dag_run: dict[str, Any]) -> str:
    found = pick_id(values, "logicaldate", "executiondate", "ts")
    return first(found, pick_id(columns(dag_run), "logicaldate", "executiondate"))


def _map_index(sent: str) -> str:
    return "" if sent in ("-1", "None") else sent


def _ignored(event: _Event) -> Ignored | None:
    if event.kind in _EVENTS_OF_FAILURE:
        return None
    if event.kind in _EVENTS_WITHOUT_FAILURE:
        return Ignored(f"{event.kind} is no failure.")
    reason = event.reason if event.is_about_the_dag else ""
    if reason and reason.lower() != "success":
        return None
    state = first(reason, event.state).lower()
    why = _NOT_FAILED.get(state)
    if why is None or (_was_overtaken(event) and event.problem.message):
        return None
    return Ignored(f"The state is {state}: {why}.")


def _was_overtaken(event: _Event) -> bool:
    """Whether the state is that of an object shown as text, which some versions update only after the callback."""
    return event.state_is_shown_text and event.state.lower() in ("running", "queued", "scheduled")


def _failure(element: dict[str, Any], event: _Event) -> Failure:
    deployment = _deployment(element, event.log_url)
    pipeline = f"{event.dag_id}/{event.task_id}" if event.task_id else event.dag_id
    message = first(event.problem.message, event.reason)
    code = event.problem.type
    values = event.values
    run = first(event.run_id, event.when) or digest(element)
    return Failure(
        source="airflow",
        run_key=run_key("airflow", deployment, event.dag_id, run, event.task_id, event.map_index, event.try_number),
        report_key=report_key(event.task_id, code, message),
        pipeline=pipeline,
        title=_title(event, pipeline, code),
        message=message,
        run_id=event.run_id or None,
        runs=runs(event.run_id),
        error_code=code or None,
        log=event.problem.log or None,
        occurred_at=utc_time(values.get("enddate"))
        or utc_time(values.get("timestamp"))
        or utc_time(values.get("startdate")),
        entity=entity(
            deployment=deployment,
            dag_id=event.dag_id,
            task_id=event.task_id,
            map_index=event.map_index,
            try_number=event.try_number,
            max_tries=values.get("maxtries"),
            state=event.state,
            reason=event.reason,
            operator=event.operator,
            hostname=values.get("hostname"),
            queue=values.get("queue"),
            pool=values.get("pool"),
            logical_date=event.when,
            start_date=values.get("startdate"),
            end_date=values.get("enddate"),
            duration=values.get("duration"),
            airflow_version=values.get("airflowversion"),
            event=event.kind,
        ),
        labels=_labels(element, values),
        links=links(("log", event.log_url)),
        recognised=not event.kind or event.kind in _EVENTS_OF_FAILURE,
    )


def _title(event: _Event, pipeline: str, code: str) -> str:
    subject = "DAG" if event.is_about_the_dag else "Task"
    mapped = f"[{event.map_index}]" if event.map_index else ""
    return title(f"{subject} {pipeline}{mapped} failed" + (f" ({code})" if code else ""))


def _deployment(element: dict[str, Any], log_url: str) -> str:
    """Which Airflow it was: as the body says, else where its log is shown, without the path to the log."""
    if named := pick(columns(element), *_DEPLOYMENT):
        return _address(named) if is_web_address(named) else named
    if not is_web_address(log_url):
        return ""
    return _address(log_url.partition("?")[0].partition("/dags/")[0])


def _address(url: str) -> str:
    parts = urlsplit(url)
    path = "" if parts.path in ("/log", "/admin/airflow/log") else parts.path.rstrip("/")
    return name(f"{parts.scheme}://{parts.netloc.lower()}{path}")


def _labels(element: dict[str, Any], values: dict[str, Any]) -> dict[str, str]:
    tags = values.get("tags")
    listed = ", ".join(filter(None, map(name, sequence(tags)[:50]))) or text(tags)
    owner = first(pick(values, "owner"), pick(values, "owners"))
    return labels({"owner": owner, "tags": listed}, mapping(tags), mapping(element.get("labels")))
