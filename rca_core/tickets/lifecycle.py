"""How a ticket moves between open, in_progress and acknowledged."""

from datetime import datetime

import msgspec

from rca_core.foundation import clock
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.ticket import Status, Ticket

_ACTION: dict[Status, str] = {
    "open": "Ticket Reopened",
    "in_progress": "Ticket In Progress",
    "acknowledged": "Ticket Acknowledged",
}


def move(
    ticket: Ticket, status: Status, *, user: str, origin: str, note: str, at: datetime
) -> tuple[Ticket, AuditEntry] | None:
    """The ticket in its new status and the entry about it; None if it has that status and there is no note.

    Acknowledging sets when, by whom and after how many seconds, and settles the SLA. Reopening takes that back;
    the clock of the SLA runs from when the failure was heard of, as before.
    """
    if status == ticket.status and not note:
        return None
    new = msgspec.structs.replace(ticket, status=status, version=ticket.version + 1)
    if status == "acknowledged" and ticket.status != "acknowledged":
        new = _acknowledged(new, user, at)
    elif status != "acknowledged":
        overdue = at > clock.from_iso(ticket.sla_due)
        new = msgspec.structs.replace(
            new, ack_ts=None, ack_user=None, ack_seconds=None, sla_status="Breached" if overdue else "Pending"
        )
    changed = entry(
        ticket.id,
        _ACTION[status] if status != ticket.status else "Note Added",
        user=user,
        origin=origin,
        at=at,
        details=note,
        old=ticket.status,
        new=status,
    )
    return new, changed


def _acknowledged(ticket: Ticket, user: str, at: datetime) -> Ticket:
    seconds = int((at - clock.from_iso(ticket.timestamp)).total_seconds())
    return msgspec.structs.replace(
        ticket,
        ack_ts=clock.to_iso(at),
        ack_user=user,
        ack_seconds=seconds,
        sla_status="Met" if at <= clock.from_iso(ticket.sla_due) else "Breached",
    )
