"""Severity and ticket ids: rules without storage."""

import pytest

from rca_core.tickets.severity import severity_of
from rca_core.tickets.ticket import new_ticket_id
from tests.support.making import NOON, make_failure


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
