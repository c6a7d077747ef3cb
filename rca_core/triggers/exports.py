"""Lists as files: the same filters as the list, so many rows a call, with the way to the next ones."""

from urllib.parse import urlencode

import azure.functions as func

from rca_core.foundation import clock
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.csv_files import csv_file
from rca_core.tickets.queries import Reach
from rca_core.tickets.rows import TicketRow
from rca_core.tickets.ticket import STATUSES
from rca_core.triggers.http import choices, endpoint
from rca_core.triggers.tickets import audit_page, ticket_page

blueprint = func.Blueprint()

MOST_ROWS = 20_000
"""Rows of one file: a worker holds an answer in memory until it is sent."""

_REACH = Reach(rows=100_000, months=120)


@blueprint.route("api/export/tickets.csv", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def export_tickets(req: func.HttpRequest) -> func.HttpResponse:
    """The tickets of a list, as a file."""
    page = ticket_page(req, choices(req, "status", STATUSES) or STATUSES, MOST_ROWS, _REACH)
    return attachment(req, "tickets", csv_file(TicketRow, page.items), page.next_cursor)


@blueprint.route("api/export/audit.csv", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def export_audit(req: func.HttpRequest) -> func.HttpResponse:
    """The audit trail, as a file."""
    page = audit_page(req, MOST_ROWS, _REACH)
    return attachment(req, "audit", csv_file(AuditEntry, page.items), page.next_cursor)


def attachment(req: func.HttpRequest, what: str, body: bytes, next_cursor: str | None) -> func.HttpResponse:
    """The file, named by the time; its name and two headers say if there is more (Link: RFC 8288)."""
    name = f"{what}-{clock.now():%Y%m%dT%H%M%SZ}{'-more-follow' if next_cursor else ''}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Truncated": "true" if next_cursor else "false",
    }
    if next_cursor:
        query = urlencode({**req.params, "cursor": next_cursor})
        headers["Link"] = f'</api/export/{what}.csv?{query}>; rel="next"'
    return func.HttpResponse(body, mimetype="text/csv", charset="utf-8", headers=headers)
