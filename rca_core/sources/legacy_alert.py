"""The schemas from before the common one (Microsoft: "Non-common alert schema definitions"), and budget notices."""

from typing import Any

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.sources import alert
from rca_core.sources.alert import Alert
from rca_core.sources.common_alert import health_is_restored
from rca_core.sources.reading import columns, first, mapping, name, pick, pick_id, text, utc_time
from rca_core.sources.shaping import digest, labels

METRIC_SCHEMA = "azuremonitormetricalert"
ACTIVITY_SCHEMA = "microsoft.insights/activitylogs"
BUDGET_SCHEMA = "aip budget notification"


def read_metric(data: dict[str, Any]) -> Alert:
    """`AzureMonitorMetricAlert`: `data.status`, `data.context` with the condition, `data.properties`."""
    context = mapping(data.get("context"))
    named = columns(context)
    rule = first(pick(named, "name"), pick(named, "id").rpartition("/")[2])
    if not rule:
        raise UnprocessablePayload("data.context names no alert rule (name or id).", field="data.context.name")
    resource, fired_at = pick(named, "resourceid"), utc_time(named.get("timestamp"))
    return Alert(
        identity=(resource.lower(), first(pick(named, "id").lower(), rule), fired_at or digest(context)),
        rule=rule,
        description=text(named.get("description")),
        severity=alert.severity(named.get("severity")),
        service="Platform",
        fired_at=fired_at,
        targets=alert.several(resource),
        items=tuple(filter(None, [pick(named, "resourcename")])),
        criteria=alert.criteria(context.get("condition")),
        labels=labels(mapping(data.get("properties"))),
        links=(("alert", text(named.get("portallink"))),),
        not_a_failure=_deactivated(data),
    )


def read_activity(data: dict[str, Any]) -> Alert:
    """`Microsoft.Insights/activityLogs`: the event is `data.context.activityLog`."""
    event = mapping(mapping(data.get("context")).get("activityLog"))
    named = columns(event)
    operation = first(pick(named, "operationname"), pick(named, "eventsource"))
    if not operation:
        raise UnprocessablePayload(
            "data.context.activityLog has no operationName; the event was expected there.",
            field="data.context.activityLog.operationName",
        )
    resource, fired_at = pick(named, "resourceid"), utc_time(named.get("eventtimestamp"))
    event_id = first(pick(named, "eventdataid"), pick(named, "correlationid"))
    service = pick(named, "eventsource")
    return Alert(
        identity=(resource.lower(), operation, event_id, fired_at or digest(event)),
        rule=operation,
        description=text(named.get("description")),
        service=service,
        fired_at=fired_at,
        targets=alert.several(resource),
        items=tuple(filter(None, [resource.rpartition("/")[2]])),
        context=event,
        labels=labels(mapping(data.get("properties"))),
        not_a_failure=_deactivated(data) or health_is_restored(service, event),
    )


def read_log(element: dict[str, Any]) -> Alert:
    """Log alert V1 without schema id: a flat object with `AlertRuleName` and `SearchResult`."""
    named = columns(element)
    rule, resource = pick(named, "alertrulename", "alertrule"), pick(named, "resourceid")
    until = utc_time(named.get("searchintervalendtimeutc"))
    return Alert(
        identity=(resource.lower(), rule, until or digest(element)),
        rule=rule,
        description=text(named.get("description")),
        severity=alert.severity(named.get("severity")),
        service="Log Analytics",
        fired_at=until,
        targets=alert.several(resource),
        context=element,
        rows=alert.rows(alert.search_results(element)),
        query=text(named.get("searchquery")),
        criteria=alert.dimensions(named.get("dimensions")),
        labels=labels(mapping(element.get("customProperties"))),
        links=(
            (
                "query",
                first(text(named.get("linktofilteredsearchresultsui")), text(named.get("linktosearchresults"))),
            ),
        ),
        not_a_failure=_deactivated(element),
    )


def read_budget(data: dict[str, Any]) -> Alert:
    """`AIP Budget Notification`: a budget went over its threshold."""
    named = columns(data)
    budget = pick(named, "budgetname")
    if not budget:
        raise UnprocessablePayload("data names no budget (BudgetName).", field="data.BudgetName")
    scope = [pick(named, "subscriptionid"), pick(named, "resourcegroup"), pick(named, "billingaccountid")]
    when = [pick(named, "budgetstartdate"), pick(named, "notificationthresholdamount")]
    return Alert(
        identity=("budget", *scope, budget, *(when if any(when) else [digest(data)])),
        rule=budget,
        service="CostAlerts",
        context={"AlertData": data},
        items=(budget,),
    )


def read_unknown(element: dict[str, Any], schema: str) -> Alert:
    """An alert whose schema or kind nobody knows: kept whole, so that somebody looks at it."""
    data = mapping(element.get("data")) or element
    named = columns(data, mapping(data.get("essentials")), mapping(data.get("context")), element)
    context = mapping(data.get("alertContext")) or mapping(data.get("context"))
    rule = first(pick(named, "alertrulename", "alertrule", "rulename", "name", "title"), schema)
    return Alert(
        alert_id=pick_id(named, "alertid"),
        identity=(digest(element),),
        rule=rule,
        description=first(text(named.get("description")), text(named.get("message"))),
        severity=alert.severity(named.get("severity")),
        service=schema,
        fired_at=utc_time(named.get("fireddatetime")) or utc_time(named.get("timestamp")),
        targets=alert.several(named.get("resourceid")),
        context=context,
        criteria=alert.criteria(context.get("condition")),
        rows=alert.rows(alert.search_results(context)),
        properties=columns(mapping(data.get("properties"))),
        labels=labels(mapping(data.get("customProperties")), mapping(data.get("properties"))),
        not_a_failure=_deactivated(element) or _deactivated(data),
        recognised=False,
    )


def _deactivated(data: dict[str, Any]) -> str | None:
    status = first(name(data.get("status")), name(data.get("monitorCondition")))
    if status.lower() in ("deactivated", "resolved"):
        return f"The alert's status is {status}: the trouble is over."
    return None
