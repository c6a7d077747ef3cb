"""Data Factory and Synapse pipelines: rows and dimensions of an alert, and the bodies that a Web activity posts.

Column names: Azure Monitor Logs reference, tables ADFPipelineRun, ADFActivityRun, SynapseIntegrationPipelineRuns,
SynapseIntegrationActivityRuns and AzureDiagnostics. Dimensions: Azure Monitor supported metrics,
Microsoft.DataFactory/factories and Microsoft.Synapse/workspaces.
"""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import alert
from rca_core.sources.alert import Alert, Criterion
from rca_core.sources.reading import (
    Columns,
    columns,
    first,
    mapping,
    name,
    parsed,
    pick,
    pick_id,
    text,
    utc_time,
    words,
)
from rca_core.sources.shaping import (
    Outcome,
    digest,
    entity,
    labels,
    links,
    report_key,
    run_key,
    runbooks,
    runs,
    title,
)

SCHEMA = "rca.adf/1"

_FACTORY = "microsoft.datafactory/factories"
_SYNAPSE = "microsoft.synapse/workspaces"
_TABLES = ("ADFPipelineRun", "ADFActivityRun", "ADFTriggerRun", "ADFSandbox", "SynapseIntegration")
_NOT_FAILED = {
    "succeeded",
    "success",
    "inprogress",
    "in progress",
    "queued",
    "started",
    "running",
    "canceling",
    "cancelling",
}
_PIPELINE = ("pipelinename", "pipeline", "pipelinenames")
_RUN = ("pipelinerunid", "runid")
_FACTORY_NAME = ("datafactory", "datafactoryname", "factoryname", "factory", "adfname")
_LONGEST_CODE = 100


def concerns(origin: Alert) -> bool:
    """Whether the alert is about Data Factory: its target, a metric's namespace or its query says so."""
    return (
        origin.concerns(_FACTORY)
        or any(criterion.namespace.startswith("microsoft.datafactory") for criterion in origin.criteria)
        or origin.asks_for(*_TABLES)
    )


def describes_pipeline(reported: Criterion) -> bool:
    """Whether these dimensions or columns are about a pipeline, an activity or a factory."""
    values = reported.values
    return (
        any(key in values for key in ("pipelinename", "pipelinerunid"))
        or f"/{_FACTORY}/" in pick(values, "resourceid").lower()
        or pick(values, "resourceprovider").lower() == "microsoft.datafactory"
        or (_is_pipeline_metric(reported) and any(key in values for key in ("name", "pipeline")))
    )


def _is_pipeline_metric(reported: Criterion) -> bool:
    if reported.namespace.startswith("microsoft.synapse"):
        return reported.metric.lower().startswith("integration")
    return reported.namespace.startswith("microsoft.datafactory")


def outcome(reported: Criterion, origin: Alert) -> Outcome:
    """The failure that one row or criterion reports, unless its status says that nothing failed."""
    values = _with_metric_names(reported)
    status = pick(values, "status", "result", "runstatus", "state")
    if status.lower() in _NOT_FAILED:
        return Ignored(f"The reported run's status is {status}, which is no failure.")
    return _failure(values, origin, condition=reported.sentence if reported.metric else "")


def _with_metric_names(reported: Criterion) -> Columns:
    """Metrics call the pipeline, the activity or the trigger just `Name`."""
    values, metric = dict(reported.values), reported.metric.lower()
    if _is_pipeline_metric(reported):
        kind = next((kind for kind in ("pipeline", "activity", "trigger") if kind in metric), "")
        if kind and "name" in values:
            values.setdefault(f"{kind}name", values["name"])
        if "activity" in values:
            values.setdefault("activityname", values["activity"])
    return values


def _failure(values: Columns, origin: Alert, *, condition: str = "") -> Failure:
    resource_id = _resource_id(values, origin)
    factory = _factory(values, resource_id, origin)
    pipeline, run_id = pick(values, *_PIPELINE), pick_id(values, *_RUN)
    activity = pick(values, "activityname", "failedactivity", "activity")
    sent_message = error_text(values)
    code = first(pick(values, "errorcode", "code")[:_LONGEST_CODE], code_in(sent_message))
    failure_type = pick(values, "failuretype")
    what = first(pipeline, pick(values, "triggername"), origin.rule, factory, run_id, "Data Factory")
    return Failure(
        source="adf",
        run_key=_run_key(factory, run_id, values, origin),
        report_key=report_key(activity, code, failure_type, sent_message, pick(values, "activityrunid")),
        pipeline=what,
        title=_title(pipeline, activity, code, what, run_id),
        message=first(sent_message, origin.description, condition),
        run_id=run_id or None,
        runs=runs(run_id),
        error_code=code or None,
        occurred_at=utc_time(values.get("end"))
        or utc_time(values.get("timegenerated"))
        or utc_time(values.get("occurredat"))
        or origin.fired_at,
        alert_severity=alert.severity(values.get("severity")) or origin.severity,
        entity=entity(
            factory=factory,
            resource_id=resource_id,
            pipeline=pipeline,
            activity=activity,
            activity_type=pick(values, "activitytype"),
            activity_run_id=pick(values, "activityrunid"),
            failure_type=failure_type,
            trigger=pick(values, "triggername"),
            triggered_by=pick(values, "triggeredby", "invokedby"),
            parent_run_id=pick(values, "parentrunid", "triggeredbypipelinerunid"),
            integration_runtime=pick(values, "effectiveintegrationruntime", "integrationruntimename"),
            linked_service=pick(values, "linkedservicename"),
            condition=condition,
            alert_rule=origin.rule,
            alert_id=origin.alert_id,
            alert_description=origin.description,
        ),
        labels=origin.labels,
        links=links(
            ("run", run_link(resource_id, run_id)), *origin.links, *origin.portal_links, *runbooks(origin.labels)
        ),
    )


def _title(pipeline: str, activity: str, code: str, what: str, run_id: str) -> str:
    subject = (
        f"Pipeline {pipeline} failed"
        if pipeline
        else f"Data Factory: {what} failed"
        if run_id
        else f"Data Factory: {what}"
    )
    return title(subject + (f" at {activity}" if activity else "") + (f" ({code})" if code else ""))


def _run_key(factory: str, run_id: str, values: Columns, origin: Alert) -> tuple[str, ...]:
    if run_id:
        return run_key("adf", factory.lower(), run_id.lower())
    return run_key("adf", "alert", *origin.key, digest(values))


def _resource_id(values: Columns, origin: Alert) -> str:
    candidates = (pick(values, "resourceid"), pick(values, "factoryid", "factoryresourceid"), *origin.targets)
    return next((c for c in candidates if f"/{_FACTORY}/" in c.lower() or f"/{_SYNAPSE}/" in c.lower()), "")


def _factory(values: Columns, resource_id: str, origin: Alert) -> str:
    if resource_id:
        lowered = resource_id.lower()
        kind = _FACTORY if f"/{_FACTORY}/" in lowered else _SYNAPSE
        start = lowered.index(f"/{kind}/") + len(kind) + 2
        return resource_id[start:].partition("/")[0]
    named = pick(values, *_FACTORY_NAME)
    if named or pick(values, "resourceprovider").lower() != "microsoft.datafactory":
        return named.rpartition("/")[2] or _only_item(origin)
    return pick(values, "resource")


def _only_item(origin: Alert) -> str:
    """The alert's one configuration item, unless that is just the Log Analytics workspace which was queried."""
    queried = {target.rpartition("/")[2].lower() for target in origin.targets}
    return origin.items[0] if len(origin.items) == 1 and origin.items[0].lower() not in queried else ""


def run_link(resource_id: str, run_id: str) -> str:
    """The run's page in Data Factory Studio; `""` unless the factory's resource id is known."""
    if not run_id or f"/{_FACTORY}/" not in resource_id.lower():
        return ""
    run, factory = quote(run_id, safe=""), quote(resource_id, safe="")
    return f"https://adf.azure.com/en/monitoring/pipelineruns/{run}?factory={factory}"


def error_text(values: Columns) -> str:
    """The error text, under whichever name it came: `ErrorMessage`, `Error` (text or object), `message`, ..."""
    if encoded := text(values.get("messagebase64")):
        try:
            return base64.b64decode(encoded, validate=True).decode("utf-8", "replace").strip()
        except (binascii.Error, ValueError):
            return encoded
    error = values.get("error")
    inside = columns(mapping(error))
    return first(
        words(values.get("errormessage")),
        words(inside.get("message")),
        words(error),
        words(values.get("message")),
        words(values.get("detailedmessage")),
        words(values.get("errordetails")),
    )


def code_in(message: str) -> str:
    """The code in `ErrorCode=SqlFailedToConnect,'Type=...` or in a JSON text with `errorCode`, else `""`."""
    _, marker, rest = message.partition("ErrorCode=")
    if marker:
        code = rest[:_LONGEST_CODE]
        end = next((i for i, c in enumerate(code) if not (c.isalnum() or c in "._-")), len(code))
        return code[:end]
    if message[:1] == "{":
        inside = columns(mapping(parsed(message)))
        inside = columns(inside, mapping(inside.get("error")))
        return pick(inside, "errorcode", "code")[:_LONGEST_CODE]
    return ""


def is_posted_body(element: dict[str, Any]) -> bool:
    """Whether somebody posted a Data Factory failure as a body of its own, `rca.adf/1` or written by hand."""
    if text(element.get("schema")).lower().startswith("rca.adf/"):
        return True
    values = _posted_values(element)
    has_pipeline, has_run = bool(pick(values, *_PIPELINE)), bool(pick_id(values, *_RUN))
    return "dagid" not in values and (
        bool(pick(values, "pipelinerunid"))
        or (has_pipeline and (has_run or bool(error_text(values)) or "pipelinename" in values))
        or (has_run and bool(pick(values, *_FACTORY_NAME)))
    )


def read_posted_body(element: dict[str, Any]) -> Outcome:
    """The failure in a body that a Data Factory Web activity posted (docs/senders.md)."""
    values = _posted_values(element)
    if not (pick(values, *_PIPELINE) or pick_id(values, *_RUN)):
        raise UnprocessablePayload("Neither run_id nor pipeline is given; both were expected.", field="run_id")
    origin = Alert(
        identity=("posted", digest(element)),
        description=text(values.get("description")),
        labels=labels(mapping(element.get("labels")), mapping(element.get("customProperties"))),
    )
    return outcome(Criterion(values=values), origin)


def _posted_values(element: dict[str, Any]) -> Columns:
    data = mapping(element.get("data"))
    nested = [
        element.get("properties"),
        data,
        data.get("properties"),
        mapping(data.get("context")).get("properties"),
    ]
    values = columns(element, *map(mapping, nested))
    error = mapping(values.get("error"))
    if isinstance(values.get("pipeline"), dict):
        values["pipeline"] = name(mapping(values["pipeline"]).get("name"))
    return columns(values, {k: v for k, v in error.items() if plain_error_field(k)})


def plain_error_field(key: str) -> bool:
    """Whether a field of an `error` object also tells about the failure itself."""
    return key.lower() in ("errorcode", "code", "failuretype")
