"""The OpenAPI document of the app, made from the types that the handlers use."""

from inspect import cleandoc
from typing import Any

import msgspec

from rca_core.access.sessions import cookie_name
from rca_core.diagnosis.categories import CATEGORIES
from rca_core.tickets.analytics import DEFAULT_DAYS, MAX_DAYS
from rca_core.tickets.dead_letters import DeadLetter
from rca_core.tickets.jira_events import Heard
from rca_core.tickets.jira_statuses import NamedStatus
from rca_core.tickets.owner_table import NewRule, RuleChange
from rca_core.tickets.ownership import Rule
from rca_core.tickets.queries import MAX_LIMIT, MAX_TICKETS_LIMIT, AuditPage, Summary, TicketPage
from rca_core.tickets.ticket import SEVERITIES, SLA_STATUSES, STATUSES
from rca_core.tickets.unowned import UnownedList
from rca_core.triggers.analytics import Overview
from rca_core.triggers.dead_letters import DeadLetterList
from rca_core.triggers.exports import MOST_ROWS
from rca_core.triggers.http import MAX_BODY_BYTES, Problem
from rca_core.triggers.jira import NamedStatuses
from rca_core.triggers.live import Connection
from rca_core.triggers.openapi_accounts import ACCOUNT_TYPES, account_paths
from rca_core.triggers.openapi_parts import (
    content,
    listed,
    name_operations,
    operation,
    query,
    require_what_is_always_there,
    schema,
    several,
)
from rca_core.triggers.owners import Preview, RuleList
from rca_core.triggers.samples import Sample, SampleReport
from rca_core.triggers.system import Health
from rca_core.triggers.tickets import SOURCES, Judged, TicketChange, TicketView
from rca_core.triggers.webhooks import Answer

_TYPES = (
    *ACCOUNT_TYPES,
    Answer,
    AuditPage,
    Connection,
    DeadLetter,
    DeadLetterList,
    Health,
    Heard,
    Judged,
    NamedStatus,
    NamedStatuses,
    NewRule,
    Overview,
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
    paths = _paths()
    name_operations(paths)
    require_what_is_always_there(components, paths, _TYPES)
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
        "paths": paths,
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
    cursor = query("cursor", {"type": "string"}, "What the page before gave as next_cursor.")
    paging = [query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}), cursor]
    filters = [
        listed("source", SOURCES),
        listed("severity", SEVERITIES),
        listed("error_type", CATEGORIES),
        listed("sla_status", SLA_STATUSES),
        several("team", {"type": "string"}),
        query("q", {"type": "string", "maxLength": 200}, "Text looked for in title, pipeline and ids."),
        cursor,
    ]
    limit = query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_TICKETS_LIMIT})
    status = listed("status", STATUSES)
    trail_filters = [
        query("ticket_id", {"type": "string"}),
        several("action", {"type": "string"}),
        several("user", {"type": "string"}),
        query("from", {"type": "string"}, "From this time or day (UTC) on."),
        query("to", {"type": "string"}, "Before this time or day (UTC)."),
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
        "/api/tickets": {"get": operation("Tickets, newest first", TicketPage, parameters=[status, *filters, limit])},
        "/api/open-tickets": {"get": operation("Open tickets, newest first", TicketPage, parameters=[*filters, limit])},
        "/api/export/tickets.csv": {"get": _file("Tickets as a CSV file", [status, *filters])},
        "/api/export/audit.csv": {"get": _file("Audit entries as a CSV file", [*trail_filters, cursor])},
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
                parameters=[*trail_filters, *paging],
            )
        },
        "/api/summary": {"get": operation("Counts over all tickets", Summary)},
        "/api/analytics": {
            "get": operation(
                "How things stand and how the last days went",
                Overview,
                parameters=[
                    query("days", {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": DEFAULT_DAYS})
                ],
            )
        },
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
        "/api/negotiate": {"post": operation("Where to connect for live updates (SignalR)", Connection)},
        "/api/health": {"get": {**operation("Whether the app works", Health), "security": []}},
        "/api/openapi.json": {"get": operation("This document", None)},
    }


def _file(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    told = operation(summary, None, parameters=parameters)
    told["description"] = f"At most {MOST_ROWS:,} rows; header Link (rel=next) leads to the next ones, if there are."
    told["responses"]["200"] = content("The file", {"type": "string"}, "text/csv")
    headers = {"X-Truncated": "Whether there are more rows.", "Link": "Where the next rows are."}
    told["responses"]["200"]["headers"] = {
        name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()
    }
    return told


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
