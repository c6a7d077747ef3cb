"""The SLA's clock without storage: what is due when, and what comes of it."""

from datetime import timedelta

import msgspec
import pytest

from rca_core.foundation import clock
from rca_core.tickets import sla
from rca_core.tickets.lifecycle import move
from rca_core.tickets.sla import Due
from rca_core.tickets.ticket import SLA_SECONDS_OF, Severity, Ticket
from tests.support.making import NOON, make_ticket


def after(**time: float) -> str:
    return clock.to_iso(NOON + timedelta(**time))


@pytest.mark.parametrize(
    ("severity", "warned", "due"),
    [
        ("Critical", {"seconds": 675}, {"minutes": 15}),
        ("High", {"seconds": 1_350}, {"minutes": 30}),
        ("Medium", {"minutes": 90}, {"hours": 2}),
        ("Low", {"hours": 18}, {"hours": 24}),
    ],
)
def test_people_are_warned_at_three_quarters_of_the_sla(
    severity: Severity, warned: dict[str, float], due: dict[str, float]
) -> None:
    ticket = make_ticket(severity=severity)
    assert sla.next_due(ticket) == Due(after(**warned), "warn")
    assert sla.next_due(msgspec.structs.replace(ticket, sla_warned=True)) == Due(after(**due), "breach")


def test_a_ticket_is_warned_of_once_and_then_breached_both_told_in_the_trail() -> None:
    ticket = make_ticket(severity="High")
    assert sla.passed(ticket, NOON + timedelta(seconds=1_350)) is None
    first = sla.passed(ticket, NOON + timedelta(seconds=1_351))
    assert first is not None
    warned, said = first
    assert (warned.sla_status, warned.sla_warned, warned.version) == ("Pending", True, 2)
    assert (said.action, said.old, said.new) == ("SLA Warning", "Pending", "Pending")
    assert said.details == "75% of 1,800 s are used up: it is due at 2026-11-20T12:30:00.000Z."
    assert sla.passed(warned, NOON + timedelta(minutes=30)) is None

    second = sla.passed(warned, NOON + timedelta(minutes=30, milliseconds=1))
    assert second is not None
    breached, said = second
    assert (breached.sla_status, breached.version) == ("Breached", 3)
    assert (said.action, said.old, said.new, said.user) == ("SLA Breached", "Pending", "Breached", "assistant")
    assert sla.next_due(breached) is None
    assert sla.passed(breached, NOON + timedelta(days=9)) is None


def test_a_late_clock_breaches_at_once_what_nobody_was_warned_of() -> None:
    late = sla.passed(make_ticket(severity="High"), NOON + timedelta(hours=9))
    assert late is not None
    assert (late[0].sla_status, late[1].action) == ("Breached", "SLA Breached")


def acknowledged(ticket: Ticket, **time: float) -> Ticket:
    change = move(ticket, "acknowledged", user="ann", origin="test", note="", at=NOON + timedelta(**time))
    assert change is not None
    return change[0]


@pytest.mark.parametrize("minutes", [10, 29, 31])
def test_nothing_is_due_with_an_acknowledged_ticket(minutes: int) -> None:
    assert sla.next_due(acknowledged(make_ticket(severity="High"), minutes=minutes)) is None


@pytest.mark.parametrize(
    ("severity", "status", "warned"),
    [("Low", "Pending", False), ("Medium", "Pending", False), ("High", "Breached", True)],
)
def test_another_severity_is_another_deadline_and_the_state_follows(
    severity: Severity, status: str, warned: bool
) -> None:
    breached = msgspec.structs.replace(make_ticket(severity="High"), sla_status="Breached", sla_warned=True)
    again = sla.rescheduled(breached, SLA_SECONDS_OF[severity], NOON + timedelta(minutes=40))
    assert (again.sla_status, again.sla_warned, again.sla_seconds) == (status, warned, SLA_SECONDS_OF[severity])
    assert again.sla_due == after(seconds=SLA_SECONDS_OF[severity])


def test_a_more_severe_ticket_that_was_acknowledged_in_time_for_the_old_deadline_only_is_breached() -> None:
    met = acknowledged(make_ticket(severity="Medium"), hours=1)
    assert met.sla_status == "Met"
    assert sla.rescheduled(met, SLA_SECONDS_OF["Critical"], NOON + timedelta(hours=1)).sla_status == "Breached"
