"""Databricks: job and task notifications, Jobs API objects posted as they are, and bodies written by hand.

Notification body: Databricks documentation, "Add notifications on a job". Run, task and termination fields: Databricks
SDK for Python, `service/jobs.py` and `service/compute.py`.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import databricks_cluster
from rca_core.sources.reading import (
    columns,
    dig,
    first,
    identifier,
    mapping,
    mappings,
    name,
    pick,
    pick_id,
    text,
    utc_time,
    words,
)
from rca_core.sources.shaping import Outcome, digest, entity, labels, links, report_key, run_key, runs, title

_EVENTS_WITHOUT_FAILURE = {
    "on_start": "a run started",
    "on_success": "a run succeeded",
    "on_duration_warning_threshold_exceeded": "a run takes longer than expected but is still going",
    "on_streaming_backlog_exceeded": "a stream lags behind but is still going",
}
_UNFINISHED = {"pending", "running", "terminating", "queued", "blocked", "waiting_for_retry"}
_NOT_FAILED = {"success", "succeeded", "success_with_failures", "excluded", "disabled"}
_MARKS_OF_A_RUN = ("state", "status", "tasks", "runpageurl", "runname", "jobname", "workspaceid", "errormessage")
_MARKS_OF_OTHERS = ("dagid", "pipelinename", "datafactory", "schema")
_MOST_TASKS_SHOWN = 50


def read(element: dict[str, Any]) -> Outcome:
    """What one body reports."""
    event = first(name(element.get("event_type")), name(element.get("event")), name(element.get("eventType")))
    if databricks_cluster.is_cluster_event(element, event):
        return databricks_cluster.read(element, event)
    run = _Run(element)
    if not _bears_marks(element, event, run):
        raise UnprocessablePayload(
            "An event_type with run.run_id or job.job_id, or a run of the Jobs API, or a cluster was expected.",
            field="run.run_id" if event else "event_type",
        )
    return _ignored(event, run) or _failure(element, event, run)


class _Run:
    """The run in a body, wherever it stands: under `run`, under `metadata` (runs/get-output) or at the top."""

    def __init__(self, element: dict[str, Any]) -> None:
        self.body = element
        self.run = mapping(element.get("run")) or mapping(element.get("metadata")) or element
        self.job = mapping(element.get("job"))
        self.top = columns(element)
        self.own = columns(self.run)
        self.state = mapping(self.run.get("state")) or mapping(element.get("state"))
        status = mapping(self.run.get("status")) or mapping(element.get("status"))
        self.termination = mapping(status.get("termination_details"))
        self.status = first(name(status.get("state")), name(self.run.get("status")), name(element.get("status")))
        self.life_cycle = first(name(self.state.get("life_cycle_state")), self.status)
        self.result = first(
            name(self.state.get("result_state")),
            pick(self.own, "resultstate", "state"),
            pick(self.top, "resultstate", "state"),
        )
        self.failed_tasks = [task for task in mappings(self.run.get("tasks")) if _task_failed(task)]
        self.id = first(pick_id(self.own, "runid"), pick_id(self.top, "runid", "jobrunid"))
        self.parent = first(
            pick_id(self.own, "parentrunid", "jobrunid"), pick_id(self.top, "parentrunid", "jobrunid"), self.id
        )
        self.job_id = first(pick_id(self.own, "jobid"), identifier(self.job.get("job_id")), pick_id(self.top, "jobid"))
        self.task_key = first(
            name(dig(element, "task", "task_key")), pick(self.own, "taskkey"), pick(self.top, "taskkey", "task")
        )
        self.page = first(text(self.run.get("run_page_url")), text(element.get("run_page_url")))
        self.workspace = first(pick(self.top, "workspaceid"), pick(self.own, "workspaceid"), _workspace_in(self.page))
        self.job_name = first(
            name(self.job.get("name")),
            pick(self.own, "runname"),
            name(dig(self.job, "settings", "name")),
            pick(self.top, "jobname", "runname"),
            name(dig(element, "settings", "name")),
        )

    @property
    def code(self) -> str:
        """The vendor's code, the most telling first."""
        task = self.failed_tasks[0] if self.failed_tasks else {}
        return first(
            name(self.termination.get("code")),
            name(dig(self.state, "termination_reason", "code")),
            pick(self.top, "errorcode"),
            name(dig(task, "status", "termination_details", "code")),
            "" if self.result.lower() in _NOT_FAILED else self.result,
            self.life_cycle if self.life_cycle.upper() in ("INTERNAL_ERROR", "SKIPPED") else "",
        )

    @property
    def message(self) -> str:
        """The run's own text, then that of each failed task."""
        error = self.body.get("error")
        said = first(
            words(mapping(error).get("message")),
            words(error),
            words(self.state.get("state_message")),
            words(self.termination.get("message")),
            words(self.own.get("statemessage")),
            words(self.top.get("errormessage")),
            words(self.own.get("errormessage")),
            words(self.top.get("statemessage")),
            words(self.top.get("message")),
        )
        tasks = [_task_in_words(task) for task in self.failed_tasks[:_MOST_TASKS_SHOWN]]
        return "\n".join(filter(None, [said, *tasks]))

    @property
    def says_something_failed(self) -> bool:
        """Whether the state tells of a failure, whatever the event is called."""
        result, termination = self.result.lower(), name(self.termination.get("code")).upper()
        if result:
            return result not in _NOT_FAILED and result not in _UNFINISHED and result != "terminated"
        return bool(termination and termination != "SUCCESS") or self.life_cycle.upper() == "INTERNAL_ERROR"


def _task_failed(task: dict[str, Any]) -> bool:
    result = name(dig(task, "state", "result_state")).upper()
    code = name(dig(task, "status", "termination_details", "code")).upper()
    if result:
        return result in ("FAILED", "TIMEDOUT", "CANCELED", "INTERNAL_ERROR")
    return name(dig(task, "state", "life_cycle_state")).upper() == "INTERNAL_ERROR" or code not in ("", "SUCCESS")


def _task_in_words(task: dict[str, Any]) -> str:
    result = first(name(dig(task, "state", "result_state")), name(dig(task, "status", "termination_details", "code")))
    said = first(
        words(dig(task, "state", "state_message")), words(dig(task, "status", "termination_details", "message"))
    )
    return f"Task {first(name(task.get('task_key')), name(task.get('run_id')), 'without key')} {result}: {said}"


def _workspace_in(page: str) -> str:
    """The workspace id in `https://adb-740.0.azuredatabricks.net/?o=740#job/...`, else the host."""
    try:
        parts = urlsplit(page)
        return first(name(parse_qs(parts.query).get("o", [""])[0]), name(parts.hostname))
    except ValueError:
        return ""


def _bears_marks(element: dict[str, Any], event: str, run: _Run) -> bool:
    if any(mark in run.top for mark in _MARKS_OF_OTHERS):
        return False
    if event:
        return bool(run.id or run.job_id or run.job_name or (run.workspace and not event.lower().startswith("jobs.")))
    if run.job_id or (run.id and run.run is not element):
        return True
    return bool(run.id) and any(mark in run.top for mark in _MARKS_OF_A_RUN)


def _event_name(event: str) -> str:
    return event.lower().rpartition(".")[2]


def _ignored(event: str, run: _Run) -> Ignored | None:
    kind = _event_name(event)
    if run.says_something_failed or _tells_of_failure(kind):
        return None
    if reason := _EVENTS_WITHOUT_FAILURE.get(kind):
        return Ignored(f"{event}: {reason}; only failures become tickets.")
    if any(part in kind for part in ("success", "succeeded")) or kind in ("start", "started", "running", "run_started"):
        return Ignored(f"{event} is no failure.")
    if run.result.lower() in _NOT_FAILED:
        return Ignored(f"The run's result_state is {run.result}, which is no failure.")
    if name(run.termination.get("code")).upper() == "SUCCESS":
        return Ignored("The run's termination code is SUCCESS.")
    state = first(run.life_cycle, run.result)
    if state.lower() in _UNFINISHED:
        return Ignored(f"The run is {state}: it has not ended yet.")
    return None


def _tells_of_failure(kind: str) -> bool:
    return kind == "on_failure" or "fail" in kind or "error" in kind


def _failure(element: dict[str, Any], event: str, run: _Run) -> Failure:
    job = first(run.job_name, f"job {run.job_id}" if run.job_id else "", f"run {run.id}" if run.id else event)
    message, code = run.message, run.code
    return Failure(
        source="databricks",
        run_key=run_key("databricks", run.workspace, *((run.parent,) if run.parent else ("report", digest(element)))),
        report_key=report_key(run.task_key, code, message, run.id),
        pipeline=job,
        title=_title(job, run),
        message=message,
        run_id=run.id or None,
        runs=runs(run.id, run.parent, *(name(task.get("run_id")) for task in run.failed_tasks)),
        error_code=code or None,
        log=first(words(element.get("error_trace")), words(element.get("logs")), words(element.get("traceback")))
        or None,
        occurred_at=utc_time(run.run.get("end_time"))
        or utc_time(element.get("end_time"))
        or utc_time(element.get("timestamp")),
        alert_severity=None,
        entity=entity(
            workspace_id=run.workspace,
            job_id=run.job_id,
            job_name=run.job_name,
            task_key=run.task_key,
            parent_run_id=run.parent if run.parent != run.id else "",
            failed_tasks=[name(task.get("task_key")) for task in run.failed_tasks],
            cluster_id=_cluster_id(run),
            event=event,
            life_cycle_state=run.life_cycle,
            result_state=run.result,
            termination_type=name(run.termination.get("type")),
            run_type=name(run.run.get("run_type")),
            trigger=name(run.run.get("trigger")),
            creator=name(run.run.get("creator_user_name")),
        ),
        labels=_labels(element, run),
        links=links(("run", run.page), *(("run", task.get("run_page_url")) for task in run.failed_tasks)),
        recognised=_tells_of_failure(_event_name(event)) or run.says_something_failed or (not event and bool(message)),
    )


def _title(job: str, run: _Run) -> str:
    subject = job if job.startswith(("job ", "run ")) else f"Job {job}"
    task = f" at task {run.task_key}" if run.task_key else ""
    return title(f"{subject[:1].upper()}{subject[1:]} failed{task}" + (f" (run {run.id})" if run.id else ""))


def _cluster_id(run: _Run) -> str:
    candidates = [run.run, *run.failed_tasks]
    found = (name(dig(candidate, "cluster_instance", "cluster_id")) for candidate in candidates)
    return first(*found, pick(run.own, "clusterid"), pick(run.top, "clusterid"))


def _labels(element: dict[str, Any], run: _Run) -> dict[str, str]:
    settings = mapping(run.job.get("settings")) or mapping(element.get("settings"))
    holders = (element, run.job, settings, run.run)
    return labels(*(mapping(holder.get(key)) for holder in holders for key in ("tags", "custom_tags")))
