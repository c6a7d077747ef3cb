"""Commands to look at a failed run and to rerun it, made of ids that the sender gave and of nothing else.

Options: Azure CLI reference (`az datafactory`, `az synapse`, `az monitor activity-log`), Databricks CLI reference
(`jobs`, `clusters`), Airflow "Command Line Interface" (`tasks clear`, `tasks states-for-dag-run`; both 2 and 3).
"""

import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rca_core.diagnosis.matching import Pattern
from rca_core.foundation.evidence import words
from rca_core.foundation.failure import Failure

# What an id may consist of; none begins like an option. Anything else gets no command.
_ID = Pattern(r"\A[A-Za-z0-9_][A-Za-z0-9_.:~+-]{0,249}\z")
# Pipelines and activities may have blanks and brackets in their names.
_NAME = Pattern(r"\A[A-Za-z0-9_](?:[A-Za-z0-9_.()-]| [A-Za-z0-9_.()-]){0,139}\z")
_PIPELINES = Pattern(
    r"\A/subscriptions/([0-9a-f-]{36})/resourcegroups/([a-z0-9_(][a-z0-9_.()-]{0,89})/providers/"
    r"microsoft\.(datafactory/factories|synapse/workspaces)/([a-z0-9][a-z0-9-]{0,62})(?:/|\z)"
)
_RESOURCE = Pattern(
    r"\A/subscriptions/[0-9a-f-]{36}/resourcegroups/[a-z0-9_(][a-z0-9_.()-]{0,89}/providers/[a-z.]{1,99}"
    r"(?:/[a-z0-9_.()-]{1,99}){2,8}\z"
)
_FAILED_ACTIVITIES = "value[?status=='Failed'].{activity:activityName,error:error}"


class Command(NamedTuple):
    """A command for a shell, and what it is for: a sentence without its end."""

    purpose: str
    line: str


def look_commands(failure: Failure) -> tuple[Command, ...]:
    """Commands that show what happened, the most telling first; none where an id is missing or looks odd."""
    made = {"adf": _look_at_pipeline, "databricks": _look_at_job, "airflow": _look_at_dag}
    return made.get(failure.source, _look_at_resource)(failure)


def rerun_command(failure: Failure) -> str:
    """The command that runs again what failed and leaves alone what succeeded; `""` where none can be made."""
    made = {"adf": _rerun_pipeline, "databricks": _rerun_job, "airflow": _rerun_dag}
    rerun = made.get(failure.source)
    return rerun(failure) if rerun is not None else ""


def _of(failure: Failure, key: str, allowed: Pattern = _ID) -> str:
    """A name of the failure that may stand in a command, else `""`."""
    return _allowed(words(failure.entity.get(key)), allowed)


def _run_id(failure: Failure) -> str:
    return _allowed(failure.run_id or "", _ID)


def _allowed(text: str, allowed: Pattern) -> str:
    """The text if it is one that may stand in a command. To RE2, letters of other scripts may equal ASCII's."""
    return text if text.isascii() and allowed.matches(text) else ""


def _around(failure: Failure, before: timedelta, after: timedelta) -> tuple[str, str] | None:
    """The time around the failure, as both ends; None when it is not known."""
    try:
        moment = datetime.fromisoformat(failure.occurred_at or "").astimezone(UTC)
        start, end = moment - before, moment + after
    except (ValueError, OverflowError):
        return None
    return f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


class _Pipelines(NamedTuple):
    """The factory or Synapse workspace of a resource id, as options of `az`."""

    group: str
    options: tuple[str, ...]

    @property
    def is_factory(self) -> bool:
        return self.group == "datafactory"


def _pipelines(failure: Failure) -> _Pipelines | None:
    found = _PIPELINES.search(_of(failure, "resource_id", _PIPELINES))
    if found is None:
        return None
    subscription, group, kind, named = found.groups
    if kind.lower().startswith("synapse"):
        return _Pipelines("synapse", ("--subscription", subscription, "--workspace-name", named))
    options = ("--subscription", subscription, "--resource-group", group, "--factory-name", named)
    return _Pipelines("datafactory", options)


def _look_at_pipeline(failure: Failure) -> tuple[Command, ...]:
    where, run = _pipelines(failure), _run_id(failure)
    if where is None or not run:
        return ()
    named = () if where.is_factory else ("--name", _of(failure, "pipeline", _NAME))
    time = _around(failure, timedelta(days=1), timedelta(days=1))
    if time is None or "" in named:
        line = shlex.join(["az", where.group, "pipeline-run", "show", *where.options, "--run-id", run])
        return (Command("Look at the pipeline run", line),)
    updated = ("--last-updated-after", time[0], "--last-updated-before", time[1])
    asked = ["az", where.group, "activity-run", "query-by-pipeline-run", *where.options, *named, "--run-id", run]
    only_failed = f' --query "{_FAILED_ACTIVITIES}"' if where.is_factory else ""
    return (Command("List the activities that failed", shlex.join([*asked, *updated]) + only_failed),)


def _rerun_pipeline(failure: Failure) -> str:
    where, run, pipeline = _pipelines(failure), _run_id(failure), _of(failure, "pipeline", _NAME)
    if where is None or not run or not pipeline:
        return ""
    activity = _of(failure, "activity", _NAME)
    if where.is_factory:
        start = ("--start-from-failure", "true")
    elif activity:
        start = ("--start-activity-name", activity)
    else:
        return ""
    again = ("--reference-pipeline-run-id", run, "--is-recovery", "true")
    return shlex.join(["az", where.group, "pipeline", "create-run", *where.options, "--name", pipeline, *again, *start])


def _look_at_job(failure: Failure) -> tuple[Command, ...]:
    found = []
    job_run, run, cluster = _job_run(failure), _run_id(failure), _of(failure, "cluster_id")
    if run and run != job_run:
        line = shlex.join(["databricks", "jobs", "get-run-output", run])
        found.append(Command("Read what the failed task wrote", line))
    elif job_run:
        found.append(Command("See which tasks failed", shlex.join(["databricks", "jobs", "get-run", job_run])))
    if cluster:
        line = shlex.join(["databricks", "clusters", "events", cluster])
        found.append(Command("See what happened to the cluster", line))
    return tuple(found)


def _job_run(failure: Failure) -> str:
    """The id of the job's run, which a task's run is part of."""
    if parent := _of(failure, "parent_run_id"):
        return parent
    return "" if failure.entity.get("task_key") else _run_id(failure)


def _rerun_job(failure: Failure) -> str:
    run, submitted = _job_run(failure), words(failure.entity.get("run_type")).upper() == "SUBMIT_RUN"
    if not run or submitted:
        return ""
    return shlex.join(["databricks", "jobs", "repair-run", run, "--rerun-all-failed-tasks"])


def _look_at_dag(failure: Failure) -> tuple[Command, ...]:
    dag, run = _of(failure, "dag_id"), _run_id(failure)
    shows_the_task = failure.entity.get("task_id") and any(link.kind == "log" for link in failure.links)
    if not dag or not run or shows_the_task:
        return ()
    return (Command("See which tasks failed", shlex.join(["airflow", "tasks", "states-for-dag-run", dag, run])),)


def _rerun_dag(failure: Failure) -> str:
    """`tasks clear` knows a run by its logical date alone."""
    dag, task, when = (_of(failure, key) for key in ("dag_id", "task_id", "logical_date"))
    is_about_a_task = bool(failure.entity.get("task_id"))
    if not dag or not _is_moment(when) or (is_about_a_task and not task):
        return ""
    regex = ["--task-regex", f"^{re.escape(task)}$", "--downstream"] if is_about_a_task else []
    time = ["--start-date", when, "--end-date", when]
    return shlex.join(["airflow", "tasks", "clear", dag, *regex, "--only-failed", *time])


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _look_at_resource(failure: Failure) -> tuple[Command, ...]:
    resource = _of(failure, "resource_id", _RESOURCE)
    time = _around(failure, timedelta(hours=6), timedelta(hours=1))
    if not resource or time is None or "/microsoft.operationalinsights/" in resource.lower():
        return ()  # a workspace was queried; it is not what the alert is about
    asked = ["az", "monitor", "activity-log", "list", "--resource-id", resource]
    line = shlex.join([*asked, "--start-time", time[0], "--end-time", time[1], "--output", "table"])
    return (Command("List what was done to the resource before it", line),)
