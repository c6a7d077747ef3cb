"""The audit trail: who did what to which ticket, when, from where, and what changed."""

import secrets
from datetime import datetime

import msgspec

from rca_core.foundation import clock


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
