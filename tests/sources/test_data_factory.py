"""Pipeline failures: dimensions and rows of alerts, the Web activity's body, and bodies written by hand."""

import base64
from typing import Any

import pytest

from rca_core.sources import Sender
from tests.sources.samples import document, failure, failures, ignored

DOOR: Sender = "azure-monitor"
RUN = "5d1b2a7e-0c4f-4e7b-9b57-1f9b0c1d2e3f"


class TestTheWebActivity:
    def test_says_everything(self) -> None:
        found = failure(DOOR, document("adf_web_activity"))
        assert found.run_key == ("adf", "adf-harbour-prod", RUN)
        assert found.run_id == RUN.upper()
        assert found.pipeline == "pl_import_manifests"
        assert found.error_code == "2200"
        assert found.message.startswith("ErrorCode=UserErrorSourceBlobNotExist,")
        assert found.occurred_at == "2026-03-01T04:10:11.123Z"
        assert found.entity["activity"] == "CopyManifests"
        assert found.entity["failure_type"] == "UserError"
        assert found.entity["triggered_by"] == "tr_nightly"
        assert found.labels == {"team": "harbour-data", "environment": "prod"}
        (link,) = found.links
        assert link.kind == "run"
        assert link.url == (
            f"https://adf.azure.com/en/monitoring/pipelineruns/{RUN.upper()}?factory=%2Fsubscriptions%2F22222222-2222-2222-2222-"
            "222222222222%2FresourceGroups%2Frg-harbour%2Fproviders%2FMicrosoft.DataFactory%2Ffactories%2Fadf-harbour-prod"
        )

    def test_without_the_resource_id_no_link_is_guessed(self) -> None:
        body = document("adf_web_activity")
        del body["resource_id"]
        found = failure(DOOR, body)
        assert found.links == ()
        assert found.run_key == ("adf", "adf-harbour-prod", RUN)

    def test_the_message_may_be_base64_so_that_its_quotes_cannot_break_the_body(self) -> None:
        body = document("adf_web_activity")
        del body["error"]
        body["message_base64"] = base64.b64encode(b'ErrorCode=Oops,"quoted"').decode()
        found = failure(DOOR, body)
        assert found.message == 'ErrorCode=Oops,"quoted"'
        assert found.error_code == "Oops"

    def test_the_flat_form(self) -> None:
        body = {"schema": "rca.adf/1", "pipeline": "p", "run_id": "r", "error_code": "2200", "message": "disk full"}
        found = failure(DOOR, body)
        assert (found.error_code, found.message, found.run_key) == ("2200", "disk full", ("adf", "", "r"))

    def test_a_run_that_succeeded_is_no_failure(self) -> None:
        assert "Succeeded" in ignored(DOOR, {**document("adf_web_activity"), "status": "Succeeded"})

    def test_two_activities_of_one_run_are_one_run_and_two_reports(self) -> None:
        body = document("adf_web_activity")
        one, two = failures(DOOR, [body, {**body, "activity": "NotifyPort"}])
        assert one.run_key == two.run_key
        assert one.report_key != two.report_key

    def test_a_pipeline_without_a_run_id_is_told_apart_by_what_it_says(self) -> None:
        one = failure(DOOR, {"schema": "rca.adf/1", "pipeline": "p", "run_id": "N/A", "message": "a"})
        two = failure(DOOR, {"schema": "rca.adf/1", "pipeline": "p", "run_id": None, "message": "b"})
        assert one.run_id is None
        assert one.run_key != two.run_key


class TestBodiesWrittenByHand:
    @pytest.mark.parametrize("name", ["adf_handwritten_camel_case", "adf_handwritten_properties"])
    def test_are_understood(self, name: str) -> None:
        found = failure(DOOR, document(name))
        assert found.source == "adf"
        assert found.run_key[-1] == RUN
        assert found.pipeline == "pl_import_manifests"
        assert found.error_code == "2200"
        assert found.message == "The required Blob is missing."
        assert found.entity["activity"] == "CopyManifests"

    @pytest.mark.parametrize(
        "body",
        [
            {"PipelineName": "p", "PipelineRunId": "r", "ErrorMessage": "m"},
            {"pipeline_name": "p", "pipeline_run_id": "r", "error_message": "m"},
            {"pipelineName": "p", "runId": "r", "error": {"message": "m", "code": "c"}},
            {"pipeline": "p", "run_id": "r", "error": "m"},
            {"data": {"pipelineName": "p", "runId": "r", "detailedMessage": "m"}},
            {"properties": {"PipelineName": "p", "RunId": "r", "Message": "m"}},
            {"data": {"context": {"properties": {"PipelineName": "p", "RunId": "r", "Message": "m"}}}},
            {
                "data": {
                    "essentials": {"alertRule": "x", "description": "m"},
                    "alertContext": {"properties": {"PipelineName": "p", "RunId": "r"}},
                }
            },
            {"essentials": {"pipelineName": "p", "description": "m"}, "properties": {"RunId": "r"}},
        ],
    )
    def test_names_may_be_spelled_in_any_way(self, body: dict[str, Any]) -> None:
        found = failure(DOOR, body)
        assert (found.source, found.pipeline, found.run_id, found.message) == ("adf", "p", "r", "m")


class TestRowsAndDimensions:
    def test_each_failed_row_of_each_table_is_a_report(self) -> None:
        copied, notified, tides = failures(DOOR, document("adf_diagnostics_columns"))
        assert copied.run_key == notified.run_key == ("adf", "adf-harbour-prod", "run-1")
        assert copied.report_key != notified.report_key
        assert (copied.message, notified.message) == ("disk full", "connection reset")
        assert copied.occurred_at == "2026-03-01T04:10:00Z"
        assert tides.run_key == ("adf", "adf-harbour-dev", "run-3")

    @pytest.mark.parametrize("status", ["Succeeded", "InProgress", "Queued", "succeeded"])
    def test_rows_that_did_not_fail_are_no_failure(self, status: str) -> None:
        alert = document("adf_log_v2_pipeline_failed")
        dimensions = alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
        next(d for d in dimensions if d["name"] == "Status")["value"] = status
        assert status in ignored(DOOR, alert)

    def test_a_cancelled_run_is_reported_because_the_rule_asked_for_it(self) -> None:
        alert = document("adf_log_v2_pipeline_failed")
        dimensions = alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
        next(d for d in dimensions if d["name"] == "Status")["value"] = "Cancelled"
        assert failure(DOOR, alert)

    @pytest.mark.parametrize(
        "spelling", ["pipelinename", "PIPELINENAME", "pipelineName_s", "Pipeline_Name", "Pipeline Name"]
    )
    def test_dimension_names_are_matched_in_any_spelling(self, spelling: str) -> None:
        alert = document("adf_log_v2_activity_failed")
        alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["name"] = spelling
        assert failure(DOOR, alert).pipeline == "pl_load_sales_daily"

    def test_pipeline_and_activity_alerts_of_one_run_share_the_key(self) -> None:
        activity = failure(DOOR, document("adf_log_v2_activity_failed"))
        pipeline = failure(DOOR, document("adf_log_v2_pipeline_failed"))
        assert activity.run_key == pipeline.run_key
        assert activity.report_key != pipeline.report_key

    def test_the_code_in_the_text_stands_in_for_a_missing_one(self) -> None:
        alert = document("adf_log_v2_activity_failed")
        dimensions = alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
        dimensions[:] = [d for d in dimensions if d["name"] != "ErrorCode"]
        assert failure(DOOR, alert).error_code == "SqlFailedToConnect"

    def test_a_message_that_is_json_is_kept_whole_and_tells_its_code(self) -> None:
        said = '{"errorCode":"6002","message":"Activity failed","failureType":"UserError"}'
        found = failure(DOOR, {"pipelineName": "p", "runId": "r", "errorMessage": said})
        assert (found.message, found.error_code) == (said, "6002")

    def test_a_workspace_that_was_queried_is_not_taken_for_the_factory(self) -> None:
        alert = document("adf_log_v2_activity_failed")
        dimensions = alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
        dimensions[:] = [d for d in dimensions if d["name"] != "_ResourceId"]
        assert failure(DOOR, alert).run_key[1] == "adf-sales-prod"
        alert["data"]["essentials"]["configurationItems"] = ["law-data-prod"]
        assert failure(DOOR, alert).run_key[1] == ""

    def test_dimensions_may_be_an_object(self) -> None:
        alert = document("adf_log_v2_activity_failed")
        criterion = alert["data"]["alertContext"]["condition"]["allOf"][0]
        criterion["dimensions"] = {d["name"]: d["value"] for d in criterion["dimensions"]}
        assert failure(DOOR, alert).run_key == ("adf", "adf-sales-prod", "9f6069d6-e522-4608-9f99-21807bfc3c70")

    def test_a_synapse_pipeline_metric(self) -> None:
        found = failure(DOOR, document("synapse_metric"))
        assert (found.source, found.pipeline, found.entity["factory"]) == ("adf", "pl_tides", "syn-harbour")

    def test_an_activity_metric_names_the_activity(self) -> None:
        alert = document("adf_metric_pipeline_failed_runs")
        criterion = alert["data"]["alertContext"]["condition"]["allOf"][0]
        criterion["metricName"] = "ActivityFailedRuns"
        criterion["dimensions"] = [
            {"name": "Name", "value": "CopyTides"},
            {"name": "PipelineName", "value": "pl_tides"},
        ]
        found = failure(DOOR, alert)
        assert (found.pipeline, found.entity["activity"]) == ("pl_tides", "CopyTides")

    def test_a_factory_alert_without_any_pipeline_is_still_about_the_factory(self) -> None:
        alert = document("adf_metric_pipeline_failed_runs")
        alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"] = []
        found = failure(DOOR, alert)
        assert (found.source, found.pipeline, found.entity["factory"]) == ("adf", "adf-failed-runs", "adf-sales-prod")
