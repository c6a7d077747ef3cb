"""How a ticket moves between open, in_progress and acknowledged, and what each move does to it."""

from datetime import datetime

import msgspec

from rca_core.foundation import clock
from rca_core.foundation.errors import Conflict
from rca_core.tickets import sla
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.ticket import Status, Ticket

# From each status, where a ticket may go, and what the audit trail calls it.
_MOVES: dict[Status, dict[Status, str]] = {
    "open": {"in_progress": "Ticket In Progress", "acknowledged": "Ticket Acknowledged"},
    "in_progress": {"open": "Ticket Reopened", "acknowledged": "Ticket Acknowledged"},
    "acknowledged": {"open": "Ticket Reopened", "in_progress": "Ticket In Progress"},
}
_NOTE = "Note Added"
_LONGEST_RESOLUTION = 4_000


def move(
    ticket: Ticket, status: Status, *, user: str, origin: str, note: str, at: datetime
) -> tuple[Ticket, AuditEntry] | None:
    """The ticket in its new status and the entry about it; None if it has that status and there is no note.

    Acknowledging sets when, by whom and after how many seconds, settles the SLA, and takes the note as resolution.
    Reopening (leaving acknowledged) takes all that back; the clock of the SLA runs from when the failure was heard of,
    as before. Raises Conflict, in words, for a move that is not allowed.
    """
    if status == ticket.status and not note:
        return None
    new = msgspec.structs.replace(ticket, status=status, version=ticket.version + 1)
    if status != ticket.status:
        new = _moved(ticket, new, user, at)
    if status == "acknowledged" and note and new.resolution is None:
        new = msgspec.structs.replace(new, resolution=note[:_LONGEST_RESOLUTION])
    late = "The SLA is breached." if new.sla_status == "Breached" != ticket.sla_status else ""
    changed = entry(
        ticket.id,
        _action(ticket, status),
        user=user,
        origin=origin,
        at=at,
        details="\n".join(filter(None, [note, late])),
        old=ticket.status,
        new=status,
    )
    return new, changed


def _action(ticket: Ticket, status: Status) -> str:
    if status == ticket.status:
        return _NOTE
    moves = _MOVES[ticket.status]
    if status not in moves:
        raise Conflict(
            f"Ticket {ticket.id} is {ticket.status} and cannot become {status}: from there it may become"
            f" {' or '.join(moves)}.",
            field="status",
        )
    return moves[status]


def _moved(ticket: Ticket, new: Ticket, user: str, at: datetime) -> Ticket:
    new = msgspec.structs.replace(new, status_changed_at=clock.to_iso(at))
    if new.status == "acknowledged":
        seconds = int((at - clock.from_iso(ticket.timestamp)).total_seconds())
        new = msgspec.structs.replace(new, ack_ts=clock.to_iso(at), ack_user=user, ack_seconds=max(0, seconds))
    elif ticket.status == "acknowledged":
        new = msgspec.structs.replace(new, ack_ts=None, ack_user=None, ack_seconds=None, resolution=None)
    return sla.as_of(new, at)
