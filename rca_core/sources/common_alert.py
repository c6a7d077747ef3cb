"""The common alert schema (Microsoft: "Common alert schema", "Sample alert payloads").

Every field of `essentials` may be null, services are spelled in two ways, and what stands in `alertContext` depends
on the monitoring service.
"""

from typing import Any

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.sources import alert
from rca_core.sources.alert import Alert
from rca_core.sources.reading import (
    Columns,
    columns,
    dig,
    first,
    mapping,
    pick,
    pick_id,
    text,
    utc_time,
)
from rca_core.sources.shaping import digest, labels

SCHEMA = "azuremonitorcommonalertschema"

_KNOWN_SERVICES = {
    "platform",
    "logalertsv2",
    "loganalytics",
    "applicationinsights",
    "activitylogadministrative",
    "activitylogpolicy",
    "activitylogautoscale",
    "activitylogsecurity",
    "activitylogrecommendation",
    "servicehealth",
    "resourcehealth",
    "smartdetector",
    "costalerts",
    "prometheus",
}


def read(element: dict[str, Any]) -> Alert:
    """The alert in a body that has `data.essentials`, or `essentials` at its top."""
    inside = mapping(element.get("data"))
    if "essentials" not in inside and "essentials" in element:
        return _read(element, essentials=element["essentials"], where="essentials")
    if not inside:
        raise UnprocessablePayload("data is missing or no object; it holds essentials and alertContext.", field="data")
    return _read(inside, essentials=inside.get("essentials"), where="data.essentials")


def _read(data: dict[str, Any], *, essentials: Any, where: str) -> Alert:
    named = columns(mapping(essentials))
    if not mapping(essentials):
        raise UnprocessablePayload(f"{where} is missing or no object; it says which alert fired.", field=where)
    alert_id, rule, service = (
        pick_id(named, "alertid"),
        pick(named, "alertrule"),
        pick(named, "monitoringservice"),
    )
    if not (alert_id or rule or service or pick(named, "pipelinename")):
        raise UnprocessablePayload(
            f"{where} has neither alertId nor alertRule nor monitoringService; at least the id was expected.",
            field=f"{where}.alertId",
        )
    context = mapping(data.get("alertContext"))
    results = alert.search_results(context)
    results = alert.search_results(data) if results is None else results
    pipeline: Columns = {key: named[key] for key in ("pipelinename", "pipelinerunid") if key in named}
    fired_at = utc_time(named.get("fireddatetime"))
    targets = alert.several(named.get("alerttargetids"))
    criteria = alert.criteria(context.get("condition")) or alert.dimensions(context.get("Dimensions"))
    return Alert(
        alert_id=alert_id,
        identity=(*targets[:1], rule, fired_at or digest(data)),
        rule=rule,
        description=text(named.get("description")),
        severity=alert.severity(named.get("severity")),
        service=service,
        fired_at=fired_at,
        targets=targets,
        items=alert.several(named.get("configurationitems")),
        context=context,
        criteria=criteria,
        rows=alert.rows(results),
        query=first(*(criterion.query for criterion in criteria), text(context.get("SearchQuery"))),
        properties=columns(mapping(context.get("properties")), mapping(data.get("properties")), pipeline),
        labels=_operators_own(context, data),
        links=_links(named, context),
        not_a_failure=_reason_to_ignore(named, context),
        recognised=not service or plain_service(service) in _KNOWN_SERVICES,
    )


def plain_service(service: str) -> str:
    """`Activity Log - Administrative` as `activitylogadministrative`."""
    return "".join(c for c in service.lower() if c.isalnum())


def is_activity_log(context: dict[str, Any]) -> bool:
    """Whether `properties` are those of an activity log event; elsewhere they are the operator's own."""
    return "operationName" in context or "eventSource" in context


def _operators_own(context: dict[str, Any], data: dict[str, Any]) -> dict[str, str]:
    properties = {} if is_activity_log(context) else mapping(context.get("properties"))
    return labels(mapping(data.get("customProperties")), properties, mapping(context.get("labels")))


def _links(named: Columns, context: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    own = columns(context)
    return (
        ("alert", text(named.get("investigationlink"))),
        *alert.condition_links(context.get("condition")),
        (
            "query",
            first(text(own.get("linktofilteredsearchresultsui")), text(own.get("linktosearchresults"))),
        ),
        ("runbook", text(dig(context, "annotations", "runbook_url"))),
    )


def _reason_to_ignore(named: Columns, context: dict[str, Any]) -> str | None:
    condition = text(named.get("monitorcondition"))
    if condition.lower() in ("resolved", "deactivated"):
        return f"The alert's monitorCondition is {condition}: the trouble is over."
    return health_is_restored(pick(named, "monitoringservice"), context)


def health_is_restored(service: str, event: dict[str, Any]) -> str | None:
    """Why a health event is no failure; `None` when it is one. `service` is the service or the event source."""
    plain = {plain_service(service), plain_service(text(event.get("eventSource")))}
    properties = columns(mapping(event.get("properties")))
    status, stage = text(properties.get("currenthealthstatus")), text(properties.get("stage"))
    if "resourcehealth" in plain and status.lower() == "available":
        return "The resource's health is Available again."
    if "servicehealth" in plain and stage.lower() in ("resolved", "complete"):
        return f"The service health event is at stage {stage}."
    return None
