"""The OpenAPI document of the app, made from the types that the handlers use."""

from inspect import cleandoc
from typing import Any

import msgspec

from rca_core.access.sessions import cookie_name
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
from rca_core.triggers.openapi_accounts import ACCOUNT_TYPES, account_paths
from rca_core.triggers.openapi_parts import content, operation, query, schema
from rca_core.triggers.owners import Preview, RuleList
from rca_core.triggers.samples import Sample, SampleReport
from rca_core.triggers.system import Health
from rca_core.triggers.tickets import SOURCES, Judged, TicketChange, TicketView
from rca_core.triggers.webhooks import Answer

_TYPES = (
    *ACCOUNT_TYPES,
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
    Sample,
    SampleReport,
    Summary,
    TicketChange,
    TicketPage,
    TicketView,
    UnownedList,
)


COOKIE = cookie_name(secure=True)
_SESSION = "What POST /api/login sets. A call that changes something must also come from our own page (header Origin)."
_KEY: list[dict[str, list[str]]] = [{"functionKey": []}, {"functionKeyInUrl": []}]


def document() -> dict[str, Any]:
    """OpenAPI 3.1, a fresh copy at each call."""
    _, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    for described in components.values():
        # Python 3.13 strips the indentation of docstrings when it compiles, earlier versions do not.
        described["description"] = cleandoc(described.get("description", ""))
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
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": _SESSION},
                "token": {"type": "http", "scheme": "bearer", "description": "A personal token, for GET only."},
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "functionKeyInUrl": {"type": "apiKey", "in": "query", "name": "code"},
                "basic": {"type": "http", "scheme": "basic"},
                "entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
        "security": [{"session": []}, {"token": []}],
    }


def _paths() -> dict[str, Any]:
    paging = [
        query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
        query("cursor", {"type": "string"}, "What the page before gave as next_cursor."),
    ]
    filters = [
        query("source", {"enum": list(SOURCES)}),
        query("severity", {"enum": list(SEVERITIES)}),
        query("error_type", {"enum": list(CATEGORIES)}),
        query("team", {"type": "string"}),
        query("q", {"type": "string", "maxLength": 200}, "Text looked for in title, pipeline and ids."),
        *paging,
    ]
    by_id = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        **account_paths(paging, by_id),
        "/azure-monitor": {"post": _webhook("Azure Monitor alerts and Data Factory Web activities", _KEY)},
        "/azure-monitor/secure": {"post": _webhook("Azure Monitor's secure webhook", [{"entra": []}])},
        "/databricks-monitor": {"post": _webhook("Databricks job and cluster notifications", _KEY)},
        "/databricks-monitor/basic": {
            "post": _webhook("Databricks with user and password, or OAuth", [{"basic": []}, {"entra": []}])
        },
        "/airflow-monitor": {"post": _webhook("Airflow failure callbacks", _KEY)},
        "/api/sender-test": {
            "post": operation("Try what a sender posts, without making a ticket", SampleReport, body=schema(Sample))
        },
        "/api/tickets": {
            "get": operation(
                "Tickets, newest first", TicketPage, parameters=[query("status", {"enum": list(STATUSES)}), *filters]
            )
        },
        "/api/open-tickets": {"get": operation("Open tickets, newest first", TicketPage, parameters=filters)},
        "/api/tickets/{id}": {
            "get": operation("One ticket with its audit entries", TicketView, parameters=by_id, errors=(404,)),
            "patch": operation(
                "Change a ticket's status, or add a note",
                TicketView,
                parameters=by_id,
                body=schema(TicketChange),
                errors=(404, 409),
            ),
        },
        "/api/tickets/{id}/feedback": {
            "post": operation(
                "Say whether the diagnosis was right",
                TicketView,
                parameters=by_id,
                body=schema(Judged),
                errors=(404,),
            )
        },
        "/api/tickets/{id}/log": {
            "get": operation(
                "The payload that was reported, secrets masked, or what the failing system said",
                None,
                parameters=[
                    *by_id,
                    query("report", {"type": "string"}, "Key of one of the ticket's reports."),
                    query("evidence", {"type": "integer", "minimum": 1}, "Number of an entry of its evidence."),
                    query("document", {"type": "string"}, "Id of a document that the diagnosis quotes."),
                ],
                errors=(404,),
            )
        },
        "/api/audit": {
            "get": operation(
                "Audit entries, newest first",
                AuditPage,
                parameters=[*(query(name, {"type": "string"}) for name in ("ticket_id", "action", "user")), *paging],
            )
        },
        "/api/summary": {"get": operation("Counts over all tickets", Summary)},
        "/jira-webhook": {
            "post": _signed(operation("Jira's webhook, signed with X-Hub-Signature", Heard, body={"type": "object"}))
        },
        "/slack/interactions": {"post": _signed(operation("Slack's buttons, signed with X-Slack-Signature", None))},
        "/api/jira-statuses": {
            "get": operation("What an operator said that Jira's statuses mean", NamedStatuses),
            "put": operation("Give a Jira status a meaning", NamedStatus, body=schema(NamedStatus)),
            "delete": operation(
                "Let a Jira status mean what its category says",
                NamedStatuses,
                parameters=[query("name", {"type": "string"})],
            ),
        },
        "/api/owners": {
            "get": operation("The rules that say who owns a pipeline", RuleList),
            "post": operation("Add a rule", Rule, body=schema(NewRule), errors=(409,), success=201),
        },
        "/api/owners/{id}": {
            "patch": operation("Change a rule", Rule, parameters=by_id, body=schema(RuleChange), errors=(404, 409)),
            "delete": operation(
                "Remove a rule",
                None,
                parameters=[*by_id, query("version", {"type": "integer", "minimum": 1}, "The current one.")],
                errors=(404, 409),
                success=204,
            ),
        },
        "/api/owners/unknown": {"get": operation("Pipelines that nobody owns", UnownedList)},
        "/api/owners/preview": {
            "get": operation(
                "Which rule would decide",
                Preview,
                parameters=[query("source", {"enum": list(SOURCES)}), query("pipeline", {"type": "string"})],
            )
        },
        "/api/dead-letters": {"get": operation("Deliveries that are retried or were given up", DeadLetterList)},
        "/api/dead-letters/{id}/replay": {
            "post": operation("Send the message once more", DeadLetter, parameters=by_id, errors=(404,), success=202)
        },
        "/api/negotiate": {"post": operation("Where to connect for live updates (SignalR)", None)},
        "/api/health": {"get": {**operation("Whether the app works", Health), "security": []}},
        "/api/openapi.json": {"get": operation("This document", None)},
    }


def _webhook(summary: str, security: list[dict[str, list[str]]]) -> dict[str, Any]:
    told = operation(
        summary,
        Answer,
        body={"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "minItems": 1}]},
        errors=(411, 413, 422, 429),
    )
    told["security"] = security
    if security == _KEY:
        told["responses"]["401"] = {"description": "No valid function key; empty body"}
    told["description"] = f"See docs/senders.md for the bodies. At most {MAX_BODY_BYTES:,} bytes."
    told["responses"]["202"] = content("A new ticket is being made", schema(Answer))
    return told


def _signed(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation whose signature is the key."""
    return {**operation, "security": []}
