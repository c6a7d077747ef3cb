"""Severity, SLA and lifecycle: rules without storage."""

from datetime import timedelta

import pytest

from rca_core.tickets.lifecycle import move
from rca_core.tickets.severity import severity_of
from rca_core.tickets.ticket import Status, Ticket, new_ticket_id
from tests.support.making import NOON, make_failure, make_ticket


@pytest.mark.parametrize(
    ("failure", "category", "severity"),
    [
        ({"alert_severity": "Sev0"}, "DataError", "Critical"),
        ({"alert_severity": "Sev1"}, "NetworkError", "High"),
        ({"alert_severity": "sev4"}, "AuthenticationError", "Low"),
        ({}, "AuthenticationError", "High"),
        ({}, "NetworkError", "Medium"),
        ({"labels": {"Environment": "Production"}}, "AuthenticationError", "Critical"),
        ({"entity": {"resource_id": "/subscriptions/1/resourceGroups/rg-data-prod/x"}}, "DataError", "High"),
        ({"entity": {"factory": "adf-sales-dev"}}, "DataError", "Low"),
        ({"alert_severity": "Sev0", "labels": {"env": "dev"}}, "DataError", "High"),
        ({"alert_severity": "Sev3", "labels": {"env": "dev"}}, "DataError", "Low"),
        ({"entity": {"factory": "adf-products-devices"}}, "DataError", "Medium"),
    ],
)
def test_severity_follows_alert_category_and_environment(
    failure: dict[str, object], category: str, severity: str
) -> None:
    stated, reason = severity_of(make_failure(**failure), category)
    assert stated == severity
    assert reason


def test_a_pipeline_named_after_a_test_is_no_test_environment() -> None:
    assert severity_of(make_failure(pipeline="ab test results"), "DataError")[0] == "Medium"


def test_ticket_ids_tell_source_and_time() -> None:
    assert new_ticket_id("airflow", NOON).startswith("ARF-20261120T120000-")
    assert len({new_ticket_id("adf", NOON) for _ in range(1_000)}) == 1_000


def moved(ticket: Ticket, status: Status, after: timedelta) -> Ticket:
    change = move(ticket, status, user="ann", origin="test", note="", at=NOON + after)
    assert change is not None
    return change[0]


def test_acknowledging_in_time_meets_the_sla() -> None:
    ticket = moved(make_ticket(severity="High"), "acknowledged", timedelta(minutes=30))
    assert (ticket.sla_status, ticket.ack_seconds, ticket.ack_user) == ("Met", 1_800, "ann")


def test_acknowledging_late_breaches_the_sla() -> None:
    ticket = moved(make_ticket(severity="High"), "acknowledged", timedelta(minutes=30, seconds=1))
    assert ticket.sla_status == "Breached"


def test_reopening_takes_the_acknowledgement_back_and_a_second_one_counts_anew() -> None:
    ticket = moved(make_ticket(), "acknowledged", timedelta(minutes=1))
    ticket = moved(ticket, "open", timedelta(minutes=2))
    assert (ticket.sla_status, ticket.ack_ts, ticket.ack_user, ticket.ack_seconds) == ("Pending", None, None, None)
    assert moved(ticket, "acknowledged", timedelta(hours=1)).ack_seconds == 3_600


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_an_overdue_ticket_stays_breached_whatever_it_moves_to(status: Status) -> None:
    late = moved(make_ticket(severity="High"), "acknowledged", timedelta(hours=1))
    assert moved(late, status, timedelta(hours=2)).sla_status == "Breached"


def test_the_same_status_without_a_note_changes_nothing() -> None:
    assert move(make_ticket(), "open", user="ann", origin="test", note="", at=NOON) is None
