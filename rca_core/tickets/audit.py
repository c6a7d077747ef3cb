"""The audit trail: who did what to which ticket, when, from where, and what changed."""

import secrets
from datetime import datetime

import msgspec

from rca_core.foundation import clock
from rca_core.tickets import ticket


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `user` is a person or the part of the program that acted; `origin` is the door it came through."""

    id: str
    ticket_id: str
    time: str
    action: str
    user: str
    origin: str
    details: str = ""
    old: str | None = None
    new: str | None = None

    @property
    def month_and_day(self) -> tuple[str, int]:
        """The month that keeps it and the day that counts it: those of its ticket, or of its time if it has none."""
        if self.ticket_id:
            return ticket.month_and_day(self.ticket_id)
        return self.time[:7], int(self.time[8:10])

    @property
    def counted_by(self) -> str:
        """The id that tells which row of counts has it (`counters.row_key`): its ticket's, or its own without one."""
        return self.ticket_id or self.id


def entry(
    ticket_id: str,
    action: str,
    *,
    user: str,
    origin: str,
    at: datetime,
    details: str = "",
    old: str | None = None,
    new: str | None = None,
) -> AuditEntry:
    """A new entry; its id sorts by time."""
    return AuditEntry(
        id=f"{int(at.timestamp() * 1000):013d}-{secrets.token_hex(4)}",
        ticket_id=ticket_id,
        time=clock.to_iso(at),
        action=action,
        user=user,
        origin=origin,
        details=details,
        old=old,
        new=new,
    )
