"""An Azure Monitor alert in one form, whichever schema brought it, and what its context says."""

from typing import Any
from urllib.parse import quote

import msgspec

from rca_core.sources.reading import (
    Columns,
    columns,
    dig,
    first,
    mapping,
    mappings,
    name,
    plain_name,
    sequence,
    text,
    words,
)

_PORTAL = "https://portal.azure.com"
_PORTAL_ALERT = f"{_PORTAL}/#blade/Microsoft_Azure_Monitoring/AlertDetailsTemplateBlade/alertId"
_MOST_SHOWN = 20
_MOST_TARGETS = 50


class Criterion(msgspec.Struct, frozen=True):
    """One entry of `alertContext.condition.allOf`, or one result row: its values by plain name."""

    values: Columns
    metric: str = ""
    namespace: str = ""
    query: str = ""
    sentence: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What every schema says in its own words.

    `identity` is what tells the alert from any other when it has no id. `properties` are those of the context as
    sent, `labels` the operator's own key/values, `not_a_failure` says why there is nothing to report.
    """

    alert_id: str = ""
    identity: tuple[str, ...] = ()
    rule: str = ""
    description: str = ""
    severity: str | None = None
    service: str = ""
    fired_at: str | None = None
    targets: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    context: dict[str, Any] = {}
    criteria: tuple[Criterion, ...] = ()
    rows: tuple[Criterion, ...] = ()
    query: str = ""
    properties: dict[str, Any] = {}
    labels: dict[str, str] = {}
    links: tuple[tuple[str, str], ...] = ()
    not_a_failure: str | None = None
    recognised: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the alert unique: its id, else what the schema offers instead.

        The action group's test notifications of all kinds have one and the same id, so the rule stands beside it.
        """
        return (self.alert_id.lower(), self.rule) if self.alert_id else self.identity

    @property
    def portal_links(self) -> tuple[tuple[str, str], ...]:
        """The alert and what it is about in the Azure portal."""
        shown = []
        if self.alert_id.lower().startswith("/subscriptions/"):
            shown.append(("alert", f"{_PORTAL_ALERT}/{quote(self.alert_id, safe='')}"))
        shown += [
            ("resource", f"{_PORTAL}/#resource{quote(target)}") for target in self.targets[:1] if target[:1] == "/"
        ]
        return tuple(shown)

    def concerns(self, resource_type: str) -> bool:
        """Whether a target of the alert is of this type (`microsoft.datafactory/factories`)."""
        wanted = f"/providers/{resource_type}"
        return any(wanted in target.lower() for target in self.targets)

    def asks_for(self, *tables: str) -> bool:
        """Whether the alert's query reads one of these Log Analytics tables."""
        return any(table in self.query for table in tables)


def several(sent: Any) -> tuple[str, ...]:
    """The names in a list such as `alertTargetIDs`; a text by itself is a list of one."""
    listed = sequence(sent) or [sent]
    return tuple(filter(None, map(name, listed[:_MOST_TARGETS])))


def severity(value: Any) -> str | None:
    """`Sev2` as sent; the older schemas' `"2"` or `2` as `Sev2`."""
    sent = name(value)[:50]
    return f"Sev{sent}" if len(sent) == 1 and sent in "01234" else sent or None


def criteria(condition: Any) -> tuple[Criterion, ...]:
    """The entries of `condition.allOf` (common schema and the older metric schema)."""
    return tuple(map(_criterion, mappings(dig(condition, "allOf"))))


def _criterion(sent: dict[str, Any]) -> Criterion:
    metric = name(sent.get("metricName"))
    return Criterion(
        values=columns(name_value_pairs(sent.get("dimensions"))),
        metric=metric,
        namespace=name(sent.get("metricNamespace")).lower(),
        query=text(sent.get("searchQuery")),
        sentence=_condition_in_words(sent, metric),
    )


def dimensions(sent: Any) -> tuple[Criterion, ...]:
    """The `Dimensions` of a log alert V1, if it has any."""
    values = columns(name_value_pairs(sent))
    return (Criterion(values=values),) if values else ()


def name_value_pairs(dimensions: Any) -> dict[str, Any]:
    """`[{"name": ..., "value": ...}]` as an object; an object is taken as it is."""
    if isinstance(dimensions, dict):
        return dimensions
    pairs: dict[str, Any] = {}
    for pair in mappings(dimensions):
        by_name = columns(pair)
        if key := name(by_name.get("name")):
            pairs.setdefault(key, by_name.get("value"))
    return pairs


def _condition_in_words(sent: dict[str, Any], metric: str) -> str:
    measured = first(metric, name(sent.get("metricMeasureColumn")), "Query result" if sent.get("searchQuery") else "")
    value, threshold = name(sent.get("metricValue")), name(sent.get("threshold"))
    said = [measured, name(sent.get("timeAggregation")), value]
    if threshold:
        said += [f"({name(sent.get('operator'))} {threshold})"]
    if web_test := name(sent.get("webTestName")):
        said += [f"in test {web_test}"]
    shown = list(name_value_pairs(sent.get("dimensions")).items())[:_MOST_SHOWN]
    dimensions = ", ".join(f"{key}={name(value)}" for key, value in shown)
    if dimensions:
        said += [f"for {dimensions}"]
    return " ".join(filter(None, said)) if measured or dimensions else ""


def condition_links(condition: Any) -> tuple[tuple[str, str], ...]:
    """Links to the rows behind a log alert V2."""
    return tuple(
        (
            "query",
            first(text(entry.get("linkToFilteredSearchResultsUI")), text(entry.get("linkToSearchResultsUI"))),
        )
        for entry in mappings(dig(condition, "allOf"))[:_MOST_SHOWN]
    )


def search_results(holder: dict[str, Any]) -> Any:
    """The embedded rows of a log alert V1: `SearchResults` in the common schema, `SearchResult` in the older one."""
    for key, value in holder.items():
        if plain_name(key) in ("searchresults", "searchresult"):
            return value
    return None


def rows(results: Any) -> tuple[Criterion, ...]:
    """Every row of every table, its values by column name."""
    return tuple(
        Criterion(values=values)
        for table in mappings(dig(results, "tables"))
        for values in _rows_of_table(table)
        if values
    )


def _rows_of_table(table: dict[str, Any]) -> list[Columns]:
    headings = [
        plain_name(text(column.get("name")) if isinstance(column, dict) else text(column))
        for column in sequence(table.get("columns"))
    ]
    found: list[Columns] = []
    for row in sequence(table.get("rows")):
        if isinstance(row, dict):
            found.append(columns(row))
        elif isinstance(row, list):
            values: Columns = {}
            for heading, value in zip(headings, row, strict=False):
                if heading and value not in (None, ""):
                    values.setdefault(heading, value)
            found.append(values)
    return found


def row_count_in_words(context: dict[str, Any]) -> str:
    """`2 results (Greater Than 0)` of a log alert V1."""
    named = columns(context)
    count = name(named.get("resultcount"))
    operator = first(name(named.get("alertthresholdoperator")), name(named.get("operator")))
    threshold = first(name(named.get("alertthresholdvalue")), name(named.get("threshold")))
    return f"{count} results ({operator} {threshold})" if count and threshold else f"{count} results" if count else ""


def context_in_words(context: dict[str, Any]) -> list[str]:
    """What alert kinds without criteria say of themselves, most telling first."""
    event, annotations = mapping(context.get("properties")), mapping(context.get("annotations"))
    named = columns(event)
    expression, measured = text(context.get("expression")), text(context.get("expressionValue"))
    said = [
        words(context.get("DetectionSummary")),
        _detected(context),
        words(annotations.get("summary")),
        words(annotations.get("description")),
        f"{expression} is {measured}" if expression and measured else expression,
        words(named.get("title")),
        words(named.get("details")),
        words(named.get("statusmessage")),
        _activity(context),
        _health(named),
        words(named.get("communication")),
        _budget(mapping(context.get("AlertData"))),
    ]
    return list(dict.fromkeys(filter(None, said)))


def _detected(context: dict[str, Any]) -> str:
    detected, normal = text(context.get("DetectedValue")), text(context.get("NormalValue"))
    return f"Detected {detected}, normal is {normal}" if detected and normal else ""


def _activity(context: dict[str, Any]) -> str:
    operation, status = text(context.get("operationName")), text(context.get("status"))
    said = f"{operation}: {status}" if operation and status else operation
    details = [
        text(context.get("subStatus")),
        f"by {text(context.get('caller'))}" if text(context.get("caller")) else "",
    ]
    return " ".join(filter(None, [said, *details])) if said else ""


def _health(named: Columns) -> str:
    now, before, cause = (
        text(named.get("currenthealthstatus")),
        text(named.get("previoushealthstatus")),
        named.get("cause"),
    )
    if not now:
        return ""
    return f"Health is {now}" + (f", was {before}" if before else "") + (f" ({text(cause)})" if text(cause) else "")


def _budget(data: dict[str, Any]) -> str:
    named = columns(data)
    spent = first(text(named.get("spentamount")), text(named.get("spendingamount")))
    budget = first(text(named.get("budgetthreshold")), text(named.get("budget")))
    limit, unit = text(named.get("notificationthresholdamount")), text(named.get("unit"))
    if not spent:
        return ""
    said = f"Spent {spent}" + (f" {unit}" if unit and unit not in spent else "")
    return said + (f" of {budget}" if budget else "") + (f", notification threshold {limit}" if limit else "")
