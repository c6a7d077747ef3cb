"""The clock of a ticket's SLA: when people are warned, when it is breached, what is due next. Pure.

The clock runs from when the failure was heard of (`timestamp`), also after a reopening, until the acknowledgement.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from rca_core.foundation import clock
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.ticket import SlaStatus, Ticket, sla_due

WARN_SHARE = 0.75
"""People are warned when this share of the SLA is used up."""

DueKind = Literal["warn", "breach"]


class Due(msgspec.Struct, frozen=True):
    """What the clock has to do with a ticket next, once it is later than `at`."""

    at: str
    kind: DueKind


def warn_at(ticket: Ticket) -> str:
    """When people are warned that the SLA is nearly used up."""
    return clock.to_iso(clock.from_iso(ticket.sla_due) - timedelta(seconds=ticket.sla_seconds * (1 - WARN_SHARE)))


def state(ticket: Ticket, at: datetime) -> SlaStatus:
    """Acknowledged: whether that was in time. Else Breached from the moment it is overdue, Pending before."""
    if clock.from_iso(ticket.ack_ts or clock.to_iso(at)) > clock.from_iso(ticket.sla_due):
        return "Breached"
    return "Met" if ticket.ack_ts else "Pending"


def as_of(ticket: Ticket, at: datetime) -> Ticket:
    """The ticket with the state that its SLA has now; a warning stays given unless its time is yet to come."""
    warned = ticket.sla_warned and at >= clock.from_iso(warn_at(ticket))
    return msgspec.structs.replace(ticket, sla_status=state(ticket, at), sla_warned=warned)


def rescheduled(ticket: Ticket, seconds: int, at: datetime) -> Ticket:
    """The ticket with an SLA of so many seconds, because its severity is another one now."""
    due = sla_due(ticket.timestamp, seconds)
    return as_of(msgspec.structs.replace(ticket, sla_seconds=seconds, sla_due=due), at)


def next_due(ticket: Ticket) -> Due | None:
    """What is due next: the warning, then the breach; None once the SLA is met or breached."""
    if ticket.sla_status != "Pending":
        return None
    return Due(ticket.sla_due, "breach") if ticket.sla_warned else Due(warn_at(ticket), "warn")


def passed(ticket: Ticket, at: datetime) -> tuple[Ticket, AuditEntry] | None:
    """The ticket after what is due by now, and the entry about it; None if nothing is.

    A ticket that is overdue is breached at once, even if nobody has been warned: the clock was late.
    """
    due = next_due(ticket)
    if due is None or at <= clock.from_iso(due.at):
        return None
    new = msgspec.structs.replace(as_of(ticket, at), sla_warned=True, version=ticket.version + 1)
    breached = new.sla_status == "Breached"
    said = entry(
        ticket.id,
        "SLA Breached" if breached else "SLA Warning",
        user="assistant",
        origin="sla-clock",
        at=at,
        details=f"Not acknowledged within {ticket.sla_seconds:,} s: it was due at {ticket.sla_due}."
        if breached
        else f"{WARN_SHARE:.0%} of {ticket.sla_seconds:,} s are used up: it is due at {ticket.sla_due}.",
        old=ticket.sla_status,
        new=new.sla_status,
    )
    return new, said
