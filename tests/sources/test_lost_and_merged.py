"""Failures that were once lost, merged with others, or invented. Each of these situations really happened."""

import pytest

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.foundation.failure import Failure
from tests.sources.samples import document, failure, failures, ignored, post, sender_of


def keys(found: list[Failure]) -> set[tuple[str, ...]]:
    return {one.run_key for one in found}


def test_two_hundred_runs_of_twenty_pipelines_on_one_day_are_two_hundred() -> None:
    found = []
    for number in range(200):
        alert = document("adf_log_v2_activity_failed")
        dimensions = alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"]
        dimensions[0]["value"], dimensions[1]["value"] = f"pl_{number % 20}", f"run-{number}"
        found.append(failure("azure-monitor", alert))
    assert len(keys(found)) == 200


def test_a_hundred_metric_alerts_of_one_rule_about_a_hundred_pipelines_are_a_hundred() -> None:
    found = []
    for number in range(100):
        alert = document("adf_metric_pipeline_failed_runs")
        alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["value"] = f"pl_{number}"
        found.append(failure("azure-monitor", alert))
    assert len(keys(found)) == 100
    assert len({one.pipeline for one in found}) == 100
    assert failure("azure-monitor", document("adf_metric_pipeline_failed_runs")) == failure(
        "azure-monitor", document("adf_metric_pipeline_failed_runs")
    )


def test_a_metric_alert_delivered_again_later_is_the_same_one() -> None:
    alert = document("adf_metric_pipeline_failed_runs")
    one = failure("azure-monitor", alert)
    alert["data"]["essentials"]["firedDateTime"] = "2024-05-14T03:26:07Z"
    assert failure("azure-monitor", alert).run_key == one.run_key


def test_runs_of_one_databricks_job_are_never_merged_by_name() -> None:
    body = document("databricks_on_failure_job")
    found = [failure("databricks", {**body, "run": {"run_id": number}}) for number in range(200)]
    assert len(keys(found)) == 200
    assert {one.pipeline for one in found} == {"nightly-etl"}


def test_two_clusters_that_fail_together_are_two() -> None:
    assert len(keys(failures("databricks", document("databricks_cluster_rows")))) == 2


def test_fifty_dags_of_one_schedule_slot_share_the_run_id_and_are_fifty() -> None:
    body = document("airflow_2_flat_callback")
    found = [failure("airflow", {**body, "dag_id": f"dag_{number}"}) for number in range(50)]
    assert len({one.run_id for one in found}) == 1
    assert len(keys(found)) == 50


def test_a_second_task_another_map_index_and_another_try_are_their_own() -> None:
    body = document("airflow_2_flat_callback")
    changes = [{}, {"task_id": "publish"}, {"map_index": 3}, {"try_number": 2}, {"run_id": "manual__x"}]
    assert len(keys([failure("airflow", {**body, **change}) for change in changes])) == len(changes)


def test_an_airflow_run_id_counts_without_any_date() -> None:
    found = failure("airflow", {"dag_id": "tides", "task_id": "load", "run_id": "manual__1", "state": "failed"})
    assert found.run_id == "manual__1"
    assert "Unknown" not in found.run_key


def test_the_same_run_id_from_two_senders_is_two_runs() -> None:
    found = [
        failure("azure-monitor", {"schema": "rca.adf/1", "pipeline": "p", "run_id": "x-1"}),
        failure("airflow", {"dag_id": "p", "run_id": "x-1"}),
        failure("databricks", {"event_type": "jobs.on_failure", "run": {"run_id": "x-1"}}),
    ]
    assert len(keys(found)) == 3


@pytest.mark.parametrize(
    "name", ["azmon_common_metric_resolved", "databricks_on_start_job", "databricks_on_success_task"]
)
def test_good_news_makes_no_ticket(name: str) -> None:
    assert ignored(sender_of(name), document(name))


@pytest.mark.parametrize("body", [{}, {"test": 1}, {"data": None}])
def test_nothing_makes_no_ticket(body: object) -> None:
    for sender in ("azure-monitor", "databricks", "airflow"):
        with pytest.raises(UnprocessablePayload):
            post(sender, body)  # type: ignore[arg-type]


def test_every_criterion_and_every_row_of_every_table_counts() -> None:
    alert = document("adf_log_v2_activity_failed")
    criteria = alert["data"]["alertContext"]["condition"]["allOf"]
    other = document("adf_log_v2_activity_failed")["data"]["alertContext"]["condition"]["allOf"][0]
    other["dimensions"][1]["value"] = "another-run"
    criteria.append(other)
    assert len(keys(failures("azure-monitor", alert))) == 2
    assert len(failures("azure-monitor", document("adf_legacy_log_v1_two_rows"))) == 2
    assert len(failures("azure-monitor", document("adf_diagnostics_columns"))) == 3
