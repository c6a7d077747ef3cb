"""Jira's door, and the table of what Jira's statuses mean."""

from typing import Any

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.access.signatures import check_jira
from rca_core.foundation.settings import settings
from rca_core.tickets import jira_statuses
from rca_core.tickets.jira_events import hear
from rca_core.tickets.jira_statuses import NamedStatus
from rca_core.triggers.guard import caller, note
from rca_core.triggers.http import body_of, endpoint, json_body, json_response, word

blueprint = func.Blueprint()


class NamedStatuses(msgspec.Struct, frozen=True):
    """Every Jira status that an operator gave a meaning, by name."""

    items: list[NamedStatus]


@blueprint.route("jira-webhook", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def jira_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Jira's webhook; its signature is the key."""
    jira = settings().jira
    check_jira(body_of(req), req.headers.get("x-hub-signature", ""), jira.webhook_secrets if jira else ())
    event = json_body(req, dict[str, Any])
    return json_response(hear(services.storage(), event, req.headers.get("x-atlassian-webhook-identifier", "")))


@blueprint.route("api/jira-statuses", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_jira_statuses(req: func.HttpRequest) -> func.HttpResponse:
    """The Jira statuses that have a meaning of their own, whatever their category."""
    return json_response(NamedStatuses(jira_statuses.listed(services.storage())))


@blueprint.route("api/jira-statuses", methods=["PUT"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def put_jira_status(req: func.HttpRequest) -> func.HttpResponse:
    """Gives a Jira status a meaning."""
    given = jira_statuses.put(services.storage(), json_body(req, NamedStatus))
    note(req, "Jira Status Given A Meaning", caller().name, f"{given.name}: {given.status}", new=given.status)
    return json_response(given)


@blueprint.route("api/jira-statuses", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def remove_jira_status(req: func.HttpRequest) -> func.HttpResponse:
    """Lets the Jira status `?name=` mean what its category says."""
    name = word(req, "name")
    jira_statuses.remove(services.storage(), name)
    note(req, "Jira Status Meaning Removed", caller().name, name)
    return json_response(NamedStatuses(jira_statuses.listed(services.storage())))
