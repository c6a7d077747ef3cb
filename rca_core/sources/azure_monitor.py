"""Whatever Azure Monitor's action groups, and people who imitate them, post: which schema it is, and what failed.

One call may carry several failures: every row and every criterion that names a run of its own is one. Criteria of
one alert that are merely several conditions on one thing are one failure.
"""

from typing import Any

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import alert, common_alert, data_factory, databricks_alert, legacy_alert
from rca_core.sources.alert import Alert, Criterion
from rca_core.sources.reading import columns, first, mapping, pick, text
from rca_core.sources.shaping import (
    MOST_FAILURES,
    Outcome,
    digest,
    entity,
    links,
    report_key,
    run_key,
    runbooks,
    title,
    too_many,
)

_MOST_SAID = 20


def read(element: dict[str, Any]) -> list[Outcome]:
    """What one alert reports."""
    if text(element.get("schema")).lower().startswith("rca.adf/"):
        return [data_factory.read_posted_body(element)]
    found = _alert_in(element)
    if found is None:
        return [data_factory.read_posted_body(element)]
    if found.not_a_failure:
        return [Ignored(found.not_a_failure)]
    return _outcomes(found)


def is_alert(element: dict[str, Any]) -> bool:
    """Whether the element bears an alert's marks: a schema id, `essentials`, a rule's name or embedded rows."""
    data = mapping(element.get("data"))
    return (
        bool(text(element.get("schemaId")))
        or "essentials" in element
        or "essentials" in data
        or bool(_rule_name(element))
        or alert.search_results(data) is not None
    )


def _rule_name(element: dict[str, Any]) -> str:
    named = columns(element)
    return pick(named, "alertrulename", "alertrule")


def _alert_in(element: dict[str, Any]) -> Alert | None:
    """The alert, `None` for a pipeline's own report, or 422 for a body that bears nobody's marks."""
    schema = text(element.get("schemaId"))
    data = mapping(element.get("data"))
    if schema.lower() == common_alert.SCHEMA or "essentials" in data or mapping(element.get("essentials")):
        return common_alert.read(element)
    if schema.lower() == legacy_alert.METRIC_SCHEMA:
        return legacy_alert.read_metric(_data_of(element))
    if schema.lower() == legacy_alert.ACTIVITY_SCHEMA:
        return legacy_alert.read_activity(_data_of(element))
    if schema.lower() == legacy_alert.BUDGET_SCHEMA:
        return legacy_alert.read_budget(_data_of(element))
    if schema:
        if len(element) == 1:
            raise UnprocessablePayload("There is nothing but a schemaId; data was expected.", field="data")
        return legacy_alert.read_unknown(element, schema)
    if alert.search_results(data) is not None and not _rule_name(element):
        return legacy_alert.read_log(data)
    if pick(columns(element), "alertrulename") or alert.search_results(element) is not None:
        return legacy_alert.read_log(element)
    if data_factory.is_posted_body(element):
        return None
    if _is_classic_metric_alert(element):
        return legacy_alert.read_metric(element)
    if _rule_name(element):
        return legacy_alert.read_unknown(element, "unknown")
    raise UnprocessablePayload(
        "This is no alert that Azure Monitor sends: schemaId with data, AlertRuleName, or for Data Factory "
        "pipeline and run_id, was expected.",
        field="schemaId",
    )


def _is_classic_metric_alert(element: dict[str, Any]) -> bool:
    """The oldest metric alerts have no schema id: `status` and `context` stand at the top."""
    context = mapping(element.get("context"))
    return "status" in element and "condition" in context and bool(text(context.get("name")))


def _data_of(element: dict[str, Any]) -> dict[str, Any]:
    data = mapping(element.get("data"))
    if not data:
        raise UnprocessablePayload("data is missing or no object; the alert was expected there.", field="data")
    return data


def _outcomes(found: Alert) -> list[Outcome]:
    reports = [*_reports(found.rows, found), *_reports(found.criteria, found)]
    if not reports and (from_properties := _operators_own_pipeline(found)):
        reports = [data_factory.outcome(from_properties, found)]
    failures: list[Outcome] = [report for report in reports if isinstance(report, Failure)]
    if failures:
        return failures
    if reports:
        return reports[:1]
    if data_factory.concerns(found):
        return [data_factory.outcome(_all_criteria(found), found)]
    return list(_plain_failures(found))


def _reports(reported: tuple[Criterion, ...], found: Alert) -> list[Outcome]:
    """What those rows or criteria report that are about a run of a pipeline, a job or a cluster."""
    about_databricks = databricks_alert.concerns(found)
    reports: list[Outcome] = []
    failures = 0
    for one in reported:
        if databricks_alert.describes_run(one.values, about_databricks):
            reports.append(databricks_alert.outcome(one.values, found))
        elif data_factory.describes_pipeline(one):
            reports.append(data_factory.outcome(one, found))
        else:
            continue
        failures += isinstance(reports[-1], Failure)
        if failures > MOST_FAILURES:
            raise too_many()
    return reports


def _operators_own_pipeline(found: Alert) -> Criterion | None:
    """A pipeline that is named in the alert's properties; hand-written bodies do so."""
    values = columns(found.properties, found.labels)
    return Criterion(values=values) if pick(values, "pipelinename", "pipelinerunid") else None


def _all_criteria(found: Alert) -> Criterion:
    first_one = found.criteria[0] if found.criteria else Criterion(values={})
    return Criterion(
        values=columns(*(criterion.values for criterion in found.criteria)),
        metric=first_one.metric,
        namespace=first_one.namespace,
        sentence="; ".join(filter(None, (c.sentence for c in found.criteria[:_MOST_SAID]))),
    )


def _plain_failures(found: Alert) -> list[Failure]:
    if _is_one_series_each(found.criteria):
        if len(found.criteria) > MOST_FAILURES:
            raise too_many()
        return [_plain_failure(found, (criterion,), []) for criterion in found.criteria]
    return [_plain_failure(found, found.criteria, alert.context_in_words(found.context))]


def _sentence(rule: str, said: str) -> str:
    return said if said.startswith(rule) else f"{rule}: {said}" if said else rule


def _is_one_series_each(criteria: tuple[Criterion, ...]) -> bool:
    """Whether the criteria are one measurement of several things, rather than several conditions on one."""
    measured = {(criterion.metric, criterion.namespace, criterion.query) for criterion in criteria}
    return len(criteria) > 1 and len(measured) == 1 and all(criterion.values for criterion in criteria)


def _plain_failure(found: Alert, criteria: tuple[Criterion, ...], shared: list[str]) -> Failure:
    dimensions = [criterion.values for criterion in criteria if criterion.values]
    said = [criterion.sentence for criterion in criteria[:_MOST_SAID] if criterion.sentence]
    said = said or list(filter(None, [alert.row_count_in_words(found.context)]))
    said += shared
    message = "\n".join(dict.fromkeys(filter(None, [found.description, *said])))
    budget = pick(columns(mapping(found.context.get("AlertData"))), "budgetname")
    rule = first(found.rule, budget, *found.items[:1], found.service, found.alert_id.rpartition("/")[2])
    return Failure(
        source="azure-monitor",
        run_key=run_key("azure-monitor", *found.key, *([digest(*dimensions)] if dimensions else [])),
        report_key=report_key(found.rule, dimensions, message),
        pipeline=rule,
        title=title(_sentence(rule, first(*said, found.description))),
        message=message,
        occurred_at=found.fired_at,
        alert_severity=found.severity,
        entity=entity(
            alert_rule=found.rule,
            alert_id=found.alert_id,
            alert_description=found.description,
            monitoring_service=found.service,
            resource_id=first(*found.targets),
            targets=list(found.targets[1:]),
            configuration_items=list(found.items),
            budget=budget,
            operation=text(found.context.get("operationName")),
            caller=text(found.context.get("caller")),
            **{f"dimension_{key}": value for values in dimensions[:1] for key, value in list(values.items())[:20]},
        ),
        labels=found.labels,
        links=links(*found.links, *found.portal_links, *runbooks(found.labels)),
        recognised=found.recognised,
    )
