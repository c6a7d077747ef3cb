"""Reading and changing tickets over HTTP."""

from typing import get_args

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.access.roles import may
from rca_core.diagnosis.categories import CATEGORIES
from rca_core.foundation.errors import MalformedRequest, NotFound
from rca_core.foundation.failure import Source
from rca_core.foundation.settings import settings
from rca_core.integrations import archive
from rca_core.tickets import dead_letters, queries
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.changes import change_status, judge_ticket
from rca_core.tickets.dead_letters import DeadLetter
from rca_core.tickets.queries import DEFAULT_LIMIT, MAX_LIMIT, MAX_TICKETS_LIMIT, ONE_PAGE, AuditPage, Reach, TicketPage
from rca_core.tickets.ticket import SEVERITIES, SLA_STATUSES, STATUSES, Judgement, Status, Ticket
from rca_core.triggers.guard import caller
from rca_core.triggers.http import choices, endpoint, integer, json_body, json_response, moment, names, word

blueprint = func.Blueprint()

SOURCES: tuple[Source, ...] = get_args(Source)
_LONGEST_NOTE = 4_000


class TicketChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PATCH /api/tickets/{id}: at least one of `status` and `note`, and the version it is based on."""

    version: int
    status: Status | None = None
    note: str = ""


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/tickets/{id}/feedback: whether the diagnosis was right, and what it really was."""

    verdict: Judgement
    note: str = ""


class TicketView(Ticket, frozen=True, kw_only=True):
    """A ticket with its audit entries, oldest first, and what of it did not reach Jira, Slack or the diagnosis."""

    audit: list[AuditEntry]
    dead_letters: list[DeadLetter]


@blueprint.route("api/tickets", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_tickets(req: func.HttpRequest) -> func.HttpResponse:
    """A page of tickets, newest first."""
    return json_response(ticket_page(req, choices(req, "status", STATUSES) or STATUSES, _tickets_limit(req)))


@blueprint.route("api/open-tickets", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_open_tickets(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the open tickets, newest first."""
    return json_response(ticket_page(req, ("open",), _tickets_limit(req)))


@blueprint.route("api/tickets/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_ticket(req: func.HttpRequest) -> func.HttpResponse:
    """One ticket with its audit entries."""
    ticket = services.ticket_store().get(req.route_params["id"])
    return json_response(_whole(ticket))


@blueprint.route("api/tickets/{id}", methods=["PATCH"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def change_ticket(req: func.HttpRequest) -> func.HttpResponse:
    """Moves a ticket to another status, or adds a note to it."""
    wanted = json_body(req, TicketChange)
    if wanted.status is None and not wanted.note.strip():
        raise MalformedRequest("Give a status, a note, or both.", field="status")
    ticket = change_status(
        services.storage(),
        services.ticket_store(),
        settings(),
        req.route_params["id"],
        wanted.status,
        user=caller().name,
        origin="PATCH /api/tickets",
        note=_note(wanted.note),
        expected_version=wanted.version,
    )
    return json_response(_whole(ticket))


@blueprint.route("api/tickets/{id}/feedback", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def judge_diagnosis(req: func.HttpRequest) -> func.HttpResponse:
    """Says whether the ticket's diagnosis was right, partly right or wrong."""
    said = json_body(req, Judged)
    ticket = judge_ticket(
        services.storage(),
        services.ticket_store(),
        settings(),
        req.route_params["id"],
        said.verdict,
        user=caller().name,
        origin="POST /api/tickets/feedback",
        note=_note(said.note),
    )
    return json_response(_whole(ticket))


@blueprint.route("api/tickets/{id}/log", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_log(req: func.HttpRequest) -> func.HttpResponse:
    """The payload of the ticket's first report, secrets masked, or of the one that `?report=` names by its key; or,
    with `?evidence=`, what the failing system said: the number of an entry of the ticket's `evidence`, from 1; or, with
    `?document=`, the text that the diagnosis quotes under this id, line by line.
    """
    ticket = services.ticket_store().get(req.route_params["id"])
    if "document" in req.params:
        return _document(ticket, word(req, "document"))
    if "evidence" in req.params:
        return _evidence(ticket, integer(req, "evidence", default=1, most=max(1, len(ticket.evidence))))
    report_key = word(req, "report") or ticket.report_keys[0]
    if not ticket.knows(report_key):
        raise NotFound(f"Ticket {ticket.id} has no report {report_key!r}.")
    body = archive.archived(services.storage(), archive.archive_name(ticket.id, report_key))
    if body is None:
        raise NotFound(f"The payload of report {report_key} of ticket {ticket.id} is no longer in the archive.")
    return _download(body, f"{ticket.id}.json", "application/json")


@blueprint.route("api/audit", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_audit(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the audit trail, newest first."""
    return json_response(audit_page(req, integer(req, "limit", default=DEFAULT_LIMIT, most=MAX_LIMIT)))


@blueprint.route("api/summary", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def get_summary(req: func.HttpRequest) -> func.HttpResponse:
    """Counts over all tickets."""
    return json_response(queries.summary(services.ticket_store()))


def ticket_page(req: func.HttpRequest, statuses: tuple[Status, ...], limit: int, reach: Reach = ONE_PAGE) -> TicketPage:
    """The page of tickets that a call asks for by its filters and its cursor."""
    wanted: dict[str, frozenset[str]] = {
        "source": frozenset(choices(req, "source", SOURCES)),
        "severity": frozenset(choices(req, "severity", SEVERITIES)),
        "error_type": frozenset(choices(req, "error_type", CATEGORIES)),
        "sla_status": frozenset(choices(req, "sla_status", SLA_STATUSES)),
        "finops_team": names(req, "team"),
    }
    return queries.list_tickets(
        services.ticket_store(),
        statuses=statuses,
        wanted={column: values for column, values in wanted.items() if values},
        text=word(req, "q"),
        limit=limit,
        cursor=req.params.get("cursor"),
        reach=reach,
    )


def audit_page(req: func.HttpRequest, limit: int, reach: Reach = ONE_PAGE) -> AuditPage:
    """The page of the audit trail that a call asks for; what people do with their accounts is for admins alone."""
    wanted = {"action": names(req, "action"), "user": names(req, "user")}
    return queries.list_audit(
        services.ticket_store(),
        ticket_id=req.params.get("ticket_id"),
        wanted={column: values for column, values in wanted.items() if values},
        since=moment(req, "from"),
        before=moment(req, "to"),
        limit=limit,
        cursor=req.params.get("cursor"),
        tickets_only=not may(caller().role, "manage_users"),
        reach=reach,
    )


def _tickets_limit(req: func.HttpRequest) -> int:
    return integer(req, "limit", default=DEFAULT_LIMIT, most=MAX_TICKETS_LIMIT)


def _document(ticket: Ticket, wanted: str) -> func.HttpResponse:
    name = next((one.archived for one in ticket.diagnosis.documents if one.id == wanted), None)
    body = archive.archived(services.storage(), name) if name else None
    if body is None:
        raise NotFound(f"The diagnosis of ticket {ticket.id} has no document {wanted!r} in the archive.")
    return _download(body, f"{ticket.id}-{wanted}.txt", "text/plain")


def _note(text: str) -> str:
    note = text.strip()
    if len(note) > _LONGEST_NOTE:
        raise MalformedRequest(f"A note has at most {_LONGEST_NOTE:,} characters.", field="note")
    return note


def _evidence(ticket: Ticket, number: int) -> func.HttpResponse:
    name = ticket.evidence[number - 1].archived if ticket.evidence else None
    body = archive.archived(services.storage(), name) if name else None
    if body is None:
        raise NotFound(f"Ticket {ticket.id} has no text of evidence {number}.")
    return _download(body, f"{ticket.id}-{number}.txt", "text/plain")


def _download(body: bytes, name: str, mimetype: str) -> func.HttpResponse:
    """Somebody else's text, which must never render as a page of ours."""
    return func.HttpResponse(
        body,
        mimetype=mimetype,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _whole(ticket: Ticket) -> TicketView:
    return TicketView(
        **msgspec.structs.asdict(ticket),
        audit=services.ticket_store().audit_of(ticket.id),
        dead_letters=dead_letters.of_ticket(services.storage(), ticket.id),
    )
