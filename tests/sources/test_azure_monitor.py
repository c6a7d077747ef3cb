"""Alerts of every kind: fired and resolved, known and unknown, with and without the fields the documents promise."""

from typing import Any

import pytest

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.sources import Sender
from tests.sources.samples import document, failure, failures, ignored, post

DOOR: Sender = "azure-monitor"


class TestWhatIsOver:
    @pytest.mark.parametrize("condition", ["Resolved", "resolved", " RESOLVED ", "Deactivated"])
    def test_a_resolved_alert_is_no_failure(self, condition: str) -> None:
        alert = document("adf_log_v2_activity_failed")
        alert["data"]["essentials"]["monitorCondition"] = condition
        assert "monitorCondition" in ignored(DOOR, alert)

    @pytest.mark.parametrize("name", ["azmon_legacy_metric_static", "azmon_legacy_activity_administrative"])
    def test_nor_is_a_deactivated_one_of_the_older_schemas(self, name: str) -> None:
        alert = document(name)
        alert["data"]["status"] = "Deactivated"
        assert "Deactivated" in ignored(DOOR, alert)

    @pytest.mark.parametrize("service", ["Resource Health", "ResourceHealth", "resource health"])
    def test_health_that_is_available_again(self, service: str) -> None:
        alert = document("azmon_common_resource_health")
        alert["data"]["essentials"]["monitoringService"] = service
        alert["data"]["alertContext"]["properties"]["currentHealthStatus"] = "Available"
        assert "Available" in ignored(DOOR, alert)

    @pytest.mark.parametrize("stage", ["Active", "Planned", "RCA"])
    def test_a_service_health_event_that_goes_on_is_a_failure(self, stage: str) -> None:
        for name in ("azmon_common_service_health", "azmon_legacy_service_health"):
            alert = document(name)
            event = alert["data"].get("alertContext") or alert["data"]["context"]["activityLog"]
            event["properties"]["stage"] = stage
            found = failure(DOOR, alert)
            assert found.source == "azure-monitor"
            assert "Test Service Health Alert" in found.message


class TestWhatTellsAlertsApart:
    def test_the_same_alert_again_has_the_same_key_and_another_alert_another(self) -> None:
        alert = document("azmon_common_metric_static")
        again = failure(DOOR, alert)
        assert failure(DOOR, alert).run_key == again.run_key
        alert["data"]["essentials"]["alertId"] = "/subscriptions/0/providers/Microsoft.AlertsManagement/alerts/other"
        assert failure(DOOR, alert).run_key != again.run_key

    @pytest.mark.parametrize("missing", [None, "", "N/A", {}, [], True])
    def test_without_an_id_resource_rule_and_time_tell(self, missing: Any) -> None:
        alert = document("azmon_common_metric_static")
        alert["data"]["essentials"]["alertId"] = missing
        one = failure(DOOR, alert)
        alert["data"]["essentials"]["firedDateTime"] = "2019-03-23T13:58:24.3713213Z"
        assert failure(DOOR, alert).run_key != one.run_key
        assert "Unknown" not in one.run_key

    def test_several_conditions_on_one_thing_are_one_failure(self) -> None:
        alert = document("azmon_common_metric_static")
        first = alert["data"]["alertContext"]["condition"]["allOf"][0]
        alert["data"]["alertContext"]["condition"]["allOf"].append({**first, "metricName": "Available Memory Bytes"})
        found = failure(DOOR, alert)
        assert "Percentage CPU" in found.message
        assert "Available Memory Bytes" in found.message

    def test_one_measurement_of_several_things_is_a_failure_each(self) -> None:
        alert = document("azmon_common_log_v2")
        criteria = alert["data"]["alertContext"]["condition"]["allOf"]
        criteria.append({**criteria[0], "dimensions": [{"name": "Computer", "value": "other-computer"}]})
        one, two = failures(DOOR, alert)
        assert one.run_key != two.run_key


class TestWhatNobodyKnows:
    def test_an_unknown_service_is_kept_and_marked(self) -> None:
        alert = document("azmon_common_metric_static")
        alert["data"]["essentials"]["monitoringService"] = "Tide Watch"
        alert["data"]["alertContext"] = {"level": 9}
        found = failure(DOOR, alert)
        assert not found.recognised
        assert found.pipeline == "WCUS-R2-Gen2"

    def test_an_unknown_schema_is_kept_and_marked(self) -> None:
        found = failure(DOOR, {"schemaId": "HarbourAlert", "data": {"alertRule": "tide gauge silent", "severity": "1"}})
        assert not found.recognised
        assert found.pipeline == "tide gauge silent"
        assert found.alert_severity == "Sev1"

    def test_a_rule_name_alone_is_a_mark(self) -> None:
        found = failure(DOOR, {"alertRule": "tide gauge silent", "description": "no data for an hour"})
        assert not found.recognised
        assert found.message == "no data for an hour"

    def test_the_oldest_metric_alert_without_schema_id(self) -> None:
        body = {
            "status": "Activated",
            "context": {"name": "tide gauge", "condition": {}, "resourceId": "/subscriptions/2/x"},
        }
        assert failure(DOOR, body).pipeline == "tide gauge"
        assert "Resolved" in ignored(DOOR, {**body, "status": "Resolved"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"schemaId": "azureMonitorCommonAlertSchema"}, "data"),
        ({"schemaId": "azureMonitorCommonAlertSchema", "data": None}, "data"),
        ({"schemaId": "azureMonitorCommonAlertSchema", "data": "x"}, "data"),
        ({"schemaId": "azureMonitorCommonAlertSchema", "data": {"alertContext": {}}}, "data.essentials"),
        ({"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": [1]}}, "data.essentials"),
        (
            {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"severity": "Sev1"}}},
            "data.essentials.alertId",
        ),
        ({"essentials": {"severity": "Sev1"}}, "essentials.alertId"),
        ({"schemaId": "AzureMonitorMetricAlert", "data": {"status": "Activated"}}, "data.context.name"),
        ({"schemaId": "Microsoft.Insights/activityLogs", "data": {"x": 1}}, "data.context.activityLog.operationName"),
        ({"schemaId": "AIP Budget Notification", "data": {"Budget": "1"}}, "data.BudgetName"),
        ({"schemaId": "HarbourAlert"}, "data"),
        ({"schema": "rca.adf/1", "message": "x"}, "run_id"),
        ({"message": "x"}, "schemaId"),
    ],
)
def test_what_is_missing_is_named(body: Any, field: str) -> None:
    with pytest.raises(UnprocessablePayload) as refused:
        post(DOOR, body)
    assert refused.value.field == field
    with pytest.raises(UnprocessablePayload) as refused:
        post(DOOR, [body])
    assert refused.value.field == f"[0].{field}"


class TestLinksAndLabels:
    def test_only_web_addresses_become_links(self) -> None:
        alert = document("azmon_common_log_v2")
        criterion = alert["data"]["alertContext"]["condition"]["allOf"][0]
        for bad in (
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "http://[::1",
            "https://user:pw@host/",
            "data:x",
        ):
            criterion["linkToFilteredSearchResultsUI"] = bad
            criterion["linkToSearchResultsUI"] = None
            alert["data"]["essentials"]["investigationLink"] = bad
            assert {link.kind for link in failure(DOOR, alert).links} == {"alert", "resource"}

    def test_the_operators_runbook_is_a_link(self) -> None:
        found = failure(DOOR, document("adf_log_v2_activity_failed"))
        assert ("runbook", "https://wiki.example.com/adf") in {(link.kind, link.url) for link in found.links}
        assert found.labels == {"team": "data-eng", "runbook": "https://wiki.example.com/adf"}

    def test_labels_are_limited_in_number_and_length(self) -> None:
        alert = document("azmon_common_metric_static")
        alert["data"]["customProperties"] = {f"k{i}": "v" * 5_000 for i in range(200)} | {"object": {}, "flag": True}
        found = failure(DOOR, alert)
        assert len(found.labels) == 50
        assert {len(value) for value in found.labels.values()} == {1_000}

    @pytest.mark.parametrize(
        ("sent", "severity"), [("Sev0", "Sev0"), ("2", "Sev2"), (4, "Sev4"), (None, None), ({}, None), ("7", "7")]
    )
    def test_severity_is_the_senders_own_word(self, sent: Any, severity: str | None) -> None:
        alert = document("azmon_common_metric_static")
        alert["data"]["essentials"]["severity"] = sent
        assert failure(DOOR, alert).alert_severity == severity


def test_context_and_properties_may_be_json_within_text() -> None:
    import json

    alert = document("azmon_common_resource_health")
    alert["data"]["alertContext"]["properties"] = json.dumps(alert["data"]["alertContext"]["properties"])
    assert "Rebooted by user" in failure(DOOR, alert).message


def test_impacted_services_may_be_text_or_a_list() -> None:
    for sent in ('[{"ServiceName":"x"}]', [{"ServiceName": "x"}]):
        alert = document("azmon_common_service_health")
        alert["data"]["alertContext"]["properties"] |= {"stage": "Active", "impactedServices": sent}
        assert failure(DOOR, alert)
