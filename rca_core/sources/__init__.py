"""Webhook bodies in, failures out: one module a sender, pure, without I/O and without settings."""

from collections.abc import Callable
from typing import Any, Literal, assert_never

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import airflow, azure_monitor, databricks
from rca_core.sources.reading import decode
from rca_core.sources.shaping import MOST_FAILURES, Outcome, too_many, without_repeats

__all__ = ["MOST_FAILURES", "Sender", "parse"]

Sender = Literal["azure-monitor", "databricks", "airflow"]


def parse(sender: Sender, body: bytes) -> list[Failure | Ignored]:
    """What a webhook's body reports, in the order of the body.

    Raises `MalformedRequest` for what is no JSON, `UnprocessablePayload` for JSON that this sender does not send,
    `PayloadTooLarge` for more than MOST_FAILURES events; nothing else, whatever the body is.
    """
    read = _reader(sender)
    document = decode(body)
    if isinstance(document, dict):
        outcomes = _read_object(read, document)
    elif isinstance(document, list):
        outcomes = _read_list(read, document)
    else:
        raise UnprocessablePayload(
            "The body is JSON but no object; an object or a list of objects was expected.", field="$"
        )
    outcomes = without_repeats(outcomes)
    if sum(isinstance(outcome, Failure) for outcome in outcomes) > MOST_FAILURES:
        raise too_many()
    return outcomes


def _reader(sender: Sender) -> Callable[[dict[str, Any]], list[Outcome]]:
    match sender:
        case "azure-monitor":
            return azure_monitor.read
        case "databricks":
            return _read_databricks
        case "airflow":
            return lambda element: [airflow.read(element)]
        case _:
            assert_never(sender)


def _read_databricks(element: dict[str, Any]) -> list[Outcome]:
    """Databricks itself, or an Azure Monitor log alert about Databricks that was sent to this door."""
    if not azure_monitor.is_alert(element):
        return [databricks.read(element)]
    outcomes = azure_monitor.read(element)
    about_databricks = [
        outcome for outcome in outcomes if isinstance(outcome, Ignored) or outcome.source == "databricks"
    ]
    if not about_databricks:
        raise UnprocessablePayload(
            "This is an Azure Monitor alert without a Databricks run or cluster; it belongs to /azure-monitor.",
            field="event_type",
        )
    return about_databricks


def _read_object(read: Callable[[dict[str, Any]], list[Outcome]], element: dict[str, Any]) -> list[Outcome]:
    if not element:
        raise UnprocessablePayload("The object is empty; an event was expected.", field="$")
    return read(element)


def _read_list(read: Callable[[dict[str, Any]], list[Outcome]], elements: list[Any]) -> list[Outcome]:
    """Every element by itself. One that cannot be understood never costs the others."""
    if not elements:
        raise UnprocessablePayload("The list is empty; at least one event was expected.", field="$")
    if len(elements) > MOST_FAILURES:
        raise too_many()
    outcomes: list[Outcome] = []
    problems: list[UnprocessablePayload] = []
    for index, element in enumerate(elements):
        try:
            if not isinstance(element, dict):
                raise UnprocessablePayload("No object; an event was expected.", field="$")
            outcomes += _read_object(read, element)
        except UnprocessablePayload as problem:
            where = f"[{index}]" if problem.field in (None, "$") else f"[{index}].{problem.field}"
            problems.append(UnprocessablePayload(problem.detail, field=where))
            outcomes.append(Ignored(f"{where} could not be understood: {problem.detail}"))
    if len(problems) == len(elements):
        raise problems[0]
    return outcomes
