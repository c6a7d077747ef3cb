"""What people say about a diagnosis: right, partly or wrong. One judgement a person; the newest counts."""

from datetime import datetime

import msgspec

from rca_core.foundation import clock
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.ticket import Feedback, Judgement, Ticket

_MOST_KEPT = 20  # judgements on a ticket; the audit trail has all of them


def judge(
    ticket: Ticket, verdict: Judgement, *, user: str, origin: str, note: str, at: datetime
) -> tuple[Ticket, AuditEntry] | None:
    """The ticket with the person's judgement and the entry about it; None if the person said just that before."""
    before = next((one for one in ticket.feedback if one.user == user), None)
    given = Feedback(verdict=verdict, note=note, user=user, at=clock.to_iso(at), engine=ticket.diagnosis.engine)
    if before is not None and msgspec.structs.replace(before, at=given.at) == given:
        return None
    others = [one for one in ticket.feedback if one.user != user]
    judged = entry(
        ticket.id,
        "Diagnosis Judged",
        user=user,
        origin=origin,
        at=at,
        details=note,
        old=before.verdict if before else None,
        new=verdict,
    )
    return msgspec.structs.replace(ticket, feedback=[*others, given][-_MOST_KEPT:], version=ticket.version + 1), judged
