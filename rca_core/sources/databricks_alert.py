"""Databricks failures that arrive through an Azure Monitor log alert.

Columns: Azure Monitor Logs reference, tables DatabricksJobs and DatabricksClusters (the run is in `RequestParams`),
and rows that a query projects (`ClusterId, ClusterName, State, TerminationCode, FailureText`, or `JobId, RunId`).
"""

from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources.alert import Alert
from rca_core.sources.reading import Columns, columns, first, mapping, pick, pick_id, utc_time, words
from rca_core.sources.shaping import (
    Outcome,
    digest,
    entity,
    links,
    report_key,
    run_key,
    runbooks,
    runs,
    title,
)

_TABLES = ("DatabricksJobs", "DatabricksClusters", "DatabricksRun")
_WORKSPACES = "microsoft.databricks/workspaces"
_NOT_FAILED_STATES = {"succeeded", "success", "running", "pending", "resizing", "restarting", "started"}
_NOT_FAILED_ACTIONS = ("succeeded", "start", "started", "triggered")


def concerns(origin: Alert) -> bool:
    """Whether the alert is about Databricks: its target or its query says so."""
    return origin.concerns(_WORKSPACES) or origin.asks_for(*_TABLES)


def describes_run(values: Columns, about_databricks: bool) -> bool:
    """Whether a row or criterion names a Databricks cluster, or a job's run."""
    if "clusterid" in values and any(
        key in values for key in ("state", "terminationcode", "failuretext", "clustername")
    ):
        return True
    if not (about_databricks or f"/{_WORKSPACES}/" in pick(values, "resourceid").lower()):
        return False
    parameters = _with_request_parameters(values)
    return any(pick(parameters, key) for key in ("runid", "clusterid", "jobid"))


def outcome(sent: Columns, origin: Alert) -> Outcome:
    """The run or the cluster that failed, unless the row says that it did not."""
    values = _with_request_parameters(sent)
    state = pick(values, "jobterminalstate", "resultstate", "state", "clusterstate", "status")
    action = pick(values, "actionname")
    says_failed = bool(pick(values, "terminationcode") or words(values.get("failuretext")))
    if not says_failed and (state.lower() in _NOT_FAILED_STATES or action.lower().endswith(_NOT_FAILED_ACTIONS)):
        return Ignored(f"The row says {first(state, action)}, which is no failure.")
    return (
        _run_failure(values, origin, state)
        if pick(values, "runid", "jobid")
        else _cluster_failure(values, origin, state)
    )


def _with_request_parameters(values: Columns) -> Columns:
    return columns(values, mapping(values.get("requestparams")), mapping(values.get("response")))


def _workspace(values: Columns, origin: Alert) -> str:
    resource = first(pick(values, "resourceid"), *origin.targets)
    named = resource.rpartition("/")[2] if f"/{_WORKSPACES}/" in resource.lower() else ""
    return first(pick(values, "workspaceid", "orgid"), named.lower())


def _run_failure(values: Columns, origin: Alert, state: str) -> Failure:
    workspace, job_id = _workspace(values, origin), pick(values, "jobid")
    run_id = pick_id(values, "runid")
    parent = first(pick_id(values, "multitaskparentrunid", "parentrunid", "jobrunid"), run_id)
    task = pick(values, "taskkey")
    job = first(pick(values, "jobname", "runname"), f"job {job_id}" if job_id else "", f"run {run_id}")
    message = _message(values)
    code = first(pick(values, "terminationcode", "errorcode"), state)
    identity = (parent,) if parent else ("alert", *origin.key, digest(values))
    return Failure(
        source="databricks",
        run_key=run_key("databricks", workspace, *identity),
        report_key=report_key(task, code, message),
        pipeline=job,
        title=title(
            f"Job {job} failed" + (f" at task {task}" if task else "") + (f" (run {run_id})" if run_id else "")
        ),
        message=first(message, origin.description),
        run_id=run_id or None,
        runs=runs(run_id, parent),
        error_code=code or None,
        occurred_at=utc_time(values.get("timegenerated")) or origin.fired_at,
        alert_severity=origin.severity,
        entity=entity(
            workspace_id=workspace,
            job_id=job_id,
            parent_run_id=parent if parent != run_id else "",
            job_name=pick(values, "jobname", "runname"),
            task_key=task,
            cluster_id=pick(values, "clusterid"),
            resource_id=pick(values, "resourceid"),
            alert_rule=origin.rule,
            alert_id=origin.alert_id,
            alert_description=origin.description,
        ),
        labels=origin.labels,
        links=links(*origin.links, *runbooks(origin.labels)),
    )


def _cluster_failure(values: Columns, origin: Alert, state: str) -> Failure:
    workspace, cluster_id = _workspace(values, origin), pick(values, "clusterid")
    cluster = first(pick(values, "clustername"), cluster_id)
    code = first(pick(values, "terminationcode", "errorcode"), state)
    message = _message(values)
    when = utc_time(values.get("timegenerated")) or utc_time(values.get("terminatedtime"))
    return Failure(
        source="databricks",
        run_key=run_key("databricks", workspace, "cluster", cluster_id, when or digest(values, origin.key)),
        report_key=report_key(code, message),
        pipeline=f"cluster {cluster}",
        title=title(f"Cluster {cluster} failed" + (f" ({code})" if code else "")),
        message=first(message, origin.description),
        error_code=code or None,
        occurred_at=when or origin.fired_at,
        alert_severity=origin.severity,
        entity=entity(
            workspace_id=workspace,
            cluster_id=cluster_id,
            cluster_name=pick(values, "clustername"),
            state=state,
            resource_id=pick(values, "resourceid"),
            alert_rule=origin.rule,
            alert_id=origin.alert_id,
            alert_description=origin.description,
        ),
        labels=origin.labels,
        links=links(*origin.links, *runbooks(origin.labels)),
    )


def _message(values: Columns) -> str:
    return first(
        words(values.get("failuretext")),
        words(values.get("errormessage")),
        words(values.get("statemessage")),
        words(values.get("message")),
    )
