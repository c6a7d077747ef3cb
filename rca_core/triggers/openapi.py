"""The OpenAPI document of the app, made from the types that the handlers use."""

from inspect import cleandoc
from typing import Any

import msgspec

from rca_core.diagnosis.categories import CATEGORIES
from rca_core.tickets.dead_letters import DeadLetter
from rca_core.tickets.jira_events import Heard
from rca_core.tickets.jira_statuses import NamedStatus
from rca_core.tickets.owner_table import NewRule, RuleChange
from rca_core.tickets.ownership import Rule
from rca_core.tickets.queries import MAX_LIMIT, AuditPage, Summary, TicketPage
from rca_core.tickets.ticket import SEVERITIES, STATUSES
from rca_core.tickets.unowned import UnownedList
from rca_core.triggers.dead_letters import DeadLetterList
from rca_core.triggers.http import MAX_BODY_BYTES, Problem
from rca_core.triggers.jira import NamedStatuses
from rca_core.triggers.owners import Preview, RuleList
from rca_core.triggers.system import Health
from rca_core.triggers.tickets import SOURCES, Judged, TicketChange, TicketView
from rca_core.triggers.webhooks import Answer

_TYPES = (
    Answer,
    AuditPage,
    DeadLetter,
    DeadLetterList,
    Health,
    Heard,
    Judged,
    NamedStatus,
    NamedStatuses,
    NewRule,
    Preview,
    Problem,
    Rule,
    RuleChange,
    RuleList,
    Summary,
    TicketChange,
    TicketPage,
    TicketView,
    UnownedList,
)


def document() -> dict[str, Any]:
    """OpenAPI 3.1, a fresh copy at each call."""
    _, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        # Python 3.13 strips the indentation of docstrings when it compiles, earlier versions do not.
        schema["description"] = cleandoc(schema.get("description", ""))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AIOps RCA Assistant",
            "version": "1",
            "description": "Hears of failures on an Azure data platform and keeps one ticket for each.",
        },
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "functionKeyInUrl": {"type": "apiKey", "in": "query", "name": "code"},
            },
        },
        "security": [{"functionKey": []}, {"functionKeyInUrl": []}],
    }


def _paths() -> dict[str, Any]:
    paging = [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
        _query("cursor", {"type": "string"}, "What the page before gave as next_cursor."),
    ]
    filters = [
        _query("source", {"enum": list(SOURCES)}),
        _query("severity", {"enum": list(SEVERITIES)}),
        _query("error_type", {"enum": list(CATEGORIES)}),
        _query("team", {"type": "string"}),
        _query("q", {"type": "string", "maxLength": 200}, "Text looked for in title, pipeline and ids."),
        *paging,
    ]
    by_id = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        "/azure-monitor": {"post": _webhook("Azure Monitor alerts and Data Factory Web activities")},
        "/databricks-monitor": {"post": _webhook("Databricks job and cluster notifications")},
        "/airflow-monitor": {"post": _webhook("Airflow failure callbacks")},
        "/api/tickets": {
            "get": _operation(
                "Tickets, newest first", TicketPage, parameters=[_query("status", {"enum": list(STATUSES)}), *filters]
            )
        },
        "/api/open-tickets": {"get": _operation("Open tickets, newest first", TicketPage, parameters=filters)},
        "/api/tickets/{id}": {
            "get": _operation("One ticket with its audit entries", TicketView, parameters=by_id, errors=(404,)),
            "patch": _operation(
                "Change a ticket's status, or add a note",
                TicketView,
                parameters=by_id,
                body=_schema(TicketChange),
                errors=(404, 409),
            ),
        },
        "/api/tickets/{id}/feedback": {
            "post": _operation(
                "Say whether the diagnosis was right",
                TicketView,
                parameters=by_id,
                body=_schema(Judged),
                errors=(404,),
            )
        },
        "/api/tickets/{id}/log": {
            "get": _operation(
                "The payload that was reported, secrets masked, or what the failing system said",
                None,
                parameters=[
                    *by_id,
                    _query("report", {"type": "string"}, "Key of one of the ticket's reports."),
                    _query("evidence", {"type": "integer", "minimum": 1}, "Number of an entry of its evidence."),
                    _query("document", {"type": "string"}, "Id of a document that the diagnosis quotes."),
                ],
                errors=(404,),
            )
        },
        "/api/audit": {
            "get": _operation(
                "Audit entries, newest first",
                AuditPage,
                parameters=[*(_query(name, {"type": "string"}) for name in ("ticket_id", "action", "user")), *paging],
            )
        },
        "/api/summary": {"get": _operation("Counts over all tickets", Summary)},
        "/jira-webhook": {
            "post": _signed(_operation("Jira's webhook, signed with X-Hub-Signature", Heard, body={"type": "object"}))
        },
        "/slack/interactions": {"post": _signed(_operation("Slack's buttons, signed with X-Slack-Signature", None))},
        "/api/jira-statuses": {
            "get": _operation("What an operator said that Jira's statuses mean", NamedStatuses),
            "put": _operation("Give a Jira status a meaning", NamedStatus, body=_schema(NamedStatus)),
            "delete": _operation(
                "Let a Jira status mean what its category says",
                NamedStatuses,
                parameters=[_query("name", {"type": "string"})],
            ),
        },
        "/api/owners": {
            "get": _operation("The rules that say who owns a pipeline", RuleList),
            "post": _operation("Add a rule", Rule, body=_schema(NewRule), errors=(409,), success=201),
        },
        "/api/owners/{id}": {
            "patch": _operation("Change a rule", Rule, parameters=by_id, body=_schema(RuleChange), errors=(404, 409)),
            "delete": _operation(
                "Remove a rule",
                None,
                parameters=[*by_id, _query("version", {"type": "integer", "minimum": 1}, "The current one.")],
                errors=(404, 409),
                success=204,
            ),
        },
        "/api/owners/unknown": {"get": _operation("Pipelines that nobody owns", UnownedList)},
        "/api/owners/preview": {
            "get": _operation(
                "Which rule would decide",
                Preview,
                parameters=[_query("source", {"enum": list(SOURCES)}), _query("pipeline", {"type": "string"})],
            )
        },
        "/api/dead-letters": {"get": _operation("Deliveries that are retried or were given up", DeadLetterList)},
        "/api/dead-letters/{id}/replay": {
            "post": _operation("Send the message once more", DeadLetter, parameters=by_id, errors=(404,), success=202)
        },
        "/api/negotiate": {"post": _operation("Where to connect for live updates (SignalR)", None)},
        "/api/health": {"get": {**_operation("Whether the app works", Health), "security": []}},
        "/api/openapi.json": {"get": _operation("This document", None)},
    }


def _webhook(summary: str) -> dict[str, Any]:
    operation = _operation(
        summary,
        Answer,
        body={"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "minItems": 1}]},
        errors=(411, 413, 422),
    )
    operation["description"] = f"See docs/senders.md for the bodies. At most {MAX_BODY_BYTES:,} bytes."
    operation["responses"]["202"] = _content("A new ticket is being made", _schema(Answer))
    return operation


def _signed(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation whose signature is the key."""
    return {**operation, "security": []}


def _operation(
    summary: str,
    answer: type | None,
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    errors: tuple[int, ...] = (),
    success: int = 200,
) -> dict[str, Any]:
    responses = {str(success): _content("OK", _schema(answer) if answer else {})}
    for status in (400, 401, *errors, 503):
        responses[str(status)] = _content("See detail", _schema(Problem), "application/problem+json")
    responses["401"] = {"description": "No valid function key; empty body"}
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _content(description: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "schema": schema}
    return {**parameter, "description": description} if description else parameter


def _schema(kind: type) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
