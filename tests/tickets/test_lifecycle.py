"""The moves between open, in_progress and acknowledged: what each does to the ticket and what the trail says."""

from datetime import timedelta
from itertools import permutations
from typing import Any, cast

import pytest

from rca_core.foundation import clock
from rca_core.foundation.errors import Conflict
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.lifecycle import move
from rca_core.tickets.sla import next_due
from rca_core.tickets.ticket import STATUSES, Status, Ticket
from tests.support.making import NOON, make_ticket


def change(
    ticket: Ticket, status: Status, note: str = "", user: str = "ann", **after: float
) -> tuple[Ticket, AuditEntry]:
    changed = move(ticket, status, user=user, origin="jira", note=note, at=NOON + timedelta(**after))
    assert changed is not None
    return changed


def moved(ticket: Ticket, status: Status, note: str = "", user: str = "ann", **after: float) -> Ticket:
    return change(ticket, status, note, user, **after)[0]


@pytest.mark.parametrize(("old", "new"), list(permutations(STATUSES, 2)))
def test_every_status_may_move_to_every_other_and_the_trail_says_who_from_where_and_what(
    old: Status, new: Status
) -> None:
    start = make_ticket() if old == "open" else moved(make_ticket(), old)
    ticket, said = change(start, new, "because", minutes=5)
    assert (ticket.status, ticket.version) == (new, start.version + 1)
    assert ticket.status_changed_at == clock.to_iso(NOON + timedelta(minutes=5))
    assert (said.user, said.origin, said.old, said.new, said.details) == ("ann", "jira", old, new, "because")
    assert (
        said.action
        == {
            "open": "Ticket Reopened",
            "in_progress": "Ticket In Progress",
            "acknowledged": "Ticket Acknowledged",
        }[new]
    )


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_status_is_no_change_unless_there_is_a_note(status: Status) -> None:
    ticket = make_ticket() if status == "open" else moved(make_ticket(), status)
    assert move(ticket, status, user="ann", origin="test", note="", at=NOON) is None
    noted, said = change(ticket, status, "looked into it", minutes=3)
    assert (said.action, said.details, noted.version) == ("Note Added", "looked into it", ticket.version + 1)
    assert noted.status_changed_at == ticket.status_changed_at


def test_a_status_that_there_is_none_of_is_refused_in_words() -> None:
    with pytest.raises(Conflict, match="is open and cannot become closed: from there it may become in_progress or"):
        change(make_ticket(), cast(Any, "closed"))


def test_acknowledging_settles_who_when_how_fast_and_the_sla() -> None:
    """The original's Jira webhook answered 200 and left all of these empty."""
    ticket = moved(make_ticket(severity="High"), "acknowledged", "restarted the gateway", minutes=30)
    assert (ticket.ack_user, ticket.ack_ts) == ("ann", "2026-11-20T12:30:00.000Z")
    assert (ticket.ack_seconds, ticket.sla_status) == (1_800, "Met")
    assert ticket.resolution == "restarted the gateway"


def test_acknowledging_late_breaches_and_the_trail_says_so() -> None:
    ticket, said = change(make_ticket(severity="High"), "acknowledged", minutes=30, seconds=1)
    assert (ticket.sla_status, said.details) == ("Breached", "The SLA is breached.")


def test_reopening_takes_it_all_back_and_the_next_acknowledgement_counts_anew() -> None:
    first = moved(make_ticket(), "acknowledged", "fixed", minutes=1)
    again = moved(first, "open", "it is back", minutes=2)
    assert (again.ack_ts, again.ack_user, again.ack_seconds, again.resolution) == (None, None, None, None)
    assert again.sla_status == "Pending"
    second = moved(again, "acknowledged", user="bob", hours=1)
    assert (second.ack_seconds, second.ack_user, second.sla_status) == (3_600, "bob", "Met")
    assert second.resolution is None


def test_an_acknowledged_ticket_takes_its_first_note_as_resolution_and_keeps_it() -> None:
    ticket = moved(make_ticket(), "acknowledged", minutes=1)
    ticket = moved(ticket, "acknowledged", "raised the quota", user="bob", minutes=9)
    ticket = moved(ticket, "acknowledged", "told the team", minutes=10)
    assert (ticket.resolution, ticket.ack_user, ticket.ack_seconds) == ("raised the quota", "ann", 60)


def test_a_note_on_an_open_ticket_is_no_resolution() -> None:
    assert moved(make_ticket(), "open", "looking").resolution is None


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_a_ticket_reopened_in_time_has_its_deadline_again(status: Status) -> None:
    ticket = make_ticket(severity="High")
    back = moved(moved(ticket, "acknowledged", minutes=5), status, minutes=10)
    assert next_due(back) == next_due(ticket) is not None


def test_who_was_warned_before_is_not_warned_again_after_a_reopening() -> None:
    warned = make_ticket(severity="High", sla_warned=True)
    back = moved(moved(warned, "acknowledged", minutes=25), "open", minutes=26)
    due = next_due(back)
    assert due is not None
    assert (due.kind, due.at) == ("breach", warned.sla_due)


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_a_ticket_reopened_after_its_deadline_is_breached(status: Status) -> None:
    met = moved(make_ticket(severity="High"), "acknowledged", minutes=5)
    back, said = change(met, status, "it is back", minutes=31)
    assert (back.sla_status, next_due(back)) == ("Breached", None)
    assert said.details == "it is back\nThe SLA is breached."


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_an_overdue_ticket_stays_breached_whatever_it_moves_to(status: Status) -> None:
    late = moved(make_ticket(severity="High"), "acknowledged", hours=1)
    assert moved(late, status, hours=2).sla_status == "Breached"
