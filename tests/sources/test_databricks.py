"""Databricks notifications, Jobs API objects, clusters, and Azure Monitor log alerts about them."""

from typing import Any

import pytest

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.sources import Sender
from tests.sources.samples import document, failure, failures, ignored, post

DOOR: Sender = "databricks"


class TestNotifications:
    def test_a_job_and_its_task_are_one_run(self) -> None:
        task = document("databricks_on_failure_task")
        job = {**document("databricks_on_failure_job"), "workspace_id": 12345, "run": {"run_id": 54321}}
        of_task, of_job = failure(DOOR, task), failure(DOOR, job)
        assert of_task.run_key == of_job.run_key
        assert of_task.report_key != of_job.report_key
        assert of_task.entity["parent_run_id"] == "54321"

    @pytest.mark.parametrize(
        "event",
        [
            "jobs.on_start",
            "jobs.on_success",
            "jobs.on_duration_warning_threshold_exceeded",
            "jobs.on_streaming_backlog_exceeded",
        ],
    )
    def test_what_is_no_failure_says_why(self, event: str) -> None:
        assert ignored(DOOR, {**document("databricks_on_failure_job"), "event_type": event}).startswith(event)

    def test_an_unknown_event_about_a_run_is_kept_and_marked(self) -> None:
        found = failure(DOOR, {**document("databricks_on_failure_job"), "event_type": "jobs.on_moonrise"})
        assert not found.recognised
        assert found.run_key == ("databricks", "7405616424934600", "41847992357943")

    def test_an_unknown_event_of_a_workspace_is_kept_and_marked(self) -> None:
        found = failure(DOOR, {"event_type": "pipelines.update_halted", "workspace_id": "77", "pipeline": {"id": "x"}})
        assert not found.recognised

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"event_type": "jobs.on_failure"}, "run.run_id"),
            ({"event_type": "jobs.on_failure", "run": None, "workspace_id": "1"}, "run.run_id"),
            ({"event_type": "hello"}, "run.run_id"),
            ({"run_id": "1"}, "event_type"),
            ({"schema": "rca.adf/1", "run_id": "1", "pipeline": "p", "message": "m"}, "event_type"),
            (document("adf_handwritten_camel_case"), "event_type"),
            (document("adf_handwritten_properties"), "event_type"),
        ],
    )
    def test_what_is_missing_is_named(self, body: Any, field: str) -> None:
        with pytest.raises(UnprocessablePayload) as refused:
            post(DOOR, body)
        assert refused.value.field == field

    def test_a_notification_without_run_id_is_told_apart_by_its_job(self) -> None:
        one = failure(DOOR, {"event_type": "jobs.on_failure", "workspace_id": "1", "job": {"job_id": 1, "name": "a"}})
        two = failure(DOOR, {"event_type": "jobs.on_failure", "workspace_id": "1", "job": {"job_id": 2, "name": "b"}})
        assert one.run_id is None
        assert one.run_key != two.run_key


class TestRunsPostedAsTheyAre:
    def test_the_run_and_its_notification_share_the_key(self) -> None:
        of_api = failure(DOOR, document("databricks_api_runs_get_failed"))
        assert of_api.run_key == failure(DOOR, document("databricks_on_failure_job")).run_key
        assert "Task load_orders FAILED" in of_api.message
        assert "publish" not in of_api.message
        assert of_api.entity["cluster_id"] == "0514-030001-abcd1234"

    @pytest.mark.parametrize("result", ["SUCCESS", "SUCCESS_WITH_FAILURES", "EXCLUDED"])
    def test_a_run_that_did_not_fail(self, result: str) -> None:
        assert result in ignored(
            DOOR, {"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": result}}
        )

    @pytest.mark.parametrize("state", ["RUNNING", "PENDING", "QUEUED", "WAITING_FOR_RETRY"])
    def test_a_run_that_goes_on(self, state: str) -> None:
        assert state in ignored(DOOR, {"run_id": 1, "state": {"life_cycle_state": state}})
        assert state in ignored(DOOR, {"run_id": 1, "status": {"state": state}})

    def test_the_newer_status_alone(self) -> None:
        run = document("databricks_api_runs_get_failed")
        del run["state"]
        found = failure(DOOR, run)
        assert found.error_code == "RUN_EXECUTION_ERROR"
        assert found.recognised
        assert "SUCCESS" in ignored(
            DOOR, {"run_id": 1, "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS"}}}
        )

    def test_the_output_of_a_run_brings_error_and_trace(self) -> None:
        found = failure(DOOR, document("databricks_api_runs_get_output_failed"))
        assert found.message.startswith("AnalysisException")
        assert found.log is not None
        assert "Traceback" in found.log

    def test_a_body_written_by_hand(self) -> None:
        found = failure(DOOR, document("databricks_handwritten_run"))
        assert found.run_key == ("databricks", "7405616424934600", "5500")
        assert found.pipeline == "quay-etl nightly"
        assert found.message == "Library installation failed for quay_tools-1.2.whl"
        assert found.error_code == "FAILED"
        assert found.entity["cluster_id"] == "0301-040000-quay12"
        assert [link.kind for link in found.links] == ["run"]

    @pytest.mark.parametrize(
        "body",
        [
            {"job_name": "quay", "run_id": 7, "error_message": "boom"},
            {"JobName": "quay", "RunId": 7, "error_message": "boom"},
            {"job_name": "quay", "job_run_id": 7, "error_message": "boom"},
            {"event": "failed", "job": {"settings": {"name": "quay"}}, "run": {"run_id": 7, "state_message": "boom"}},
        ],
    )
    def test_loose_names(self, body: dict[str, Any]) -> None:
        found = failure(DOOR, body)
        assert (found.pipeline, found.run_id, found.message) == ("quay", "7", "boom")


class TestClusters:
    def test_a_cluster_that_was_lost(self) -> None:
        found = failure(DOOR, document("databricks_cluster_terminated"))
        assert found.run_key == (
            "databricks",
            "7405616424934600",
            "cluster",
            "0301-040000-quay12",
            "2026-03-01T04:10:10Z",
        )
        assert found.error_code == "CLOUD_PROVIDER_RESOURCE_STOCKOUT"
        assert found.message.startswith("The requested VM size is not available")
        assert "azure_error_code: SkuNotAvailable" in found.message
        assert found.labels == {"team": "harbour-data", "cost_center": "CC-77"}
        assert found.run_id is None

    @pytest.mark.parametrize("code", ["INACTIVITY", "USER_REQUEST", "JOB_FINISHED"])
    def test_one_that_ended_as_it_should(self, code: str) -> None:
        body = document("databricks_cluster_terminated")
        body["termination_reason"] = {"code": code, "type": "SUCCESS"}
        assert code in ignored(DOOR, body)

    def test_without_a_time_the_content_tells_events_apart(self) -> None:
        body = document("databricks_cluster_terminated")
        del body["terminated_time"]
        one = failure(DOOR, body)
        assert failure(DOOR, body).run_key == one.run_key
        assert failure(DOOR, {**body, "state_message": "another"}).run_key != one.run_key

    def test_rows_of_a_query_at_either_door(self) -> None:
        body = document("databricks_cluster_rows")
        quay, pier = failures(DOOR, body)
        assert quay.error_code == "BOOTSTRAP_TIMEOUT"
        assert quay.message == "The init script did not end."
        assert quay.run_key != pier.run_key
        assert failures("azure-monitor", body) == [quay, pier]


class TestLogAlerts:
    def test_the_jobs_table_names_the_run(self) -> None:
        body = document("databricks_jobs_log_alert")
        found = failure("azure-monitor", body)
        assert found.source == "databricks"
        assert found.run_key == ("databricks", "7405616424934600", "5500")
        assert found.runs == ("5502", "5500")
        assert found.entity["task_key"] == "load"
        assert failure(DOOR, body) == found

    def test_an_alert_about_something_else_belongs_to_the_other_door(self) -> None:
        for name in ("azmon_common_metric_static", "adf_log_v2_activity_failed"):
            with pytest.raises(UnprocessablePayload, match="/azure-monitor"):
                post(DOOR, document(name))
