"""Every vendor's sample, and what it must become."""

from typing import Any

import pytest

from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import parse
from tests.sources.samples import SHARED, sample, sender_of

ALERT = "/subscriptions/11111111-1111-1111-1111-111111111111/providers/microsoft.alertsmanagement/alerts/"
TEST_ALERT = ALERT + "12345678-1234-1234-1234-1234567890ab"
RULES = "/subscriptions/11111111-1111-1111-1111-111111111111/resourcegroups/test-rg/providers/"
PIPELINE_RUN = "9f6069d6-e522-4608-9f99-21807bfc3c70"
CONTEXT_ERROR = "could not convert string to float: 'N/A' in column amount of orders_2024_05_01.csv"

GOLDEN: dict[str, list[dict[str, Any]] | str] = {
    "adf_log_v2_activity_failed": [
        {
            "source": "adf",
            "run_key": ("adf", "adf-sales-prod", PIPELINE_RUN),
            "run_id": PIPELINE_RUN,
            "pipeline": "pl_load_sales_daily",
            "error_code": "2200",
            "message": "ErrorCode=SqlFailedToConnect,",
            "alert_severity": "Sev2",
            "occurred_at": "2024-05-14T03:22:51.401Z",
            "title": "Pipeline pl_load_sales_daily failed at CopyOrdersToLake (2200)",
        }
    ],
    "adf_log_v2_pipeline_failed": [
        {
            "source": "adf",
            "run_key": ("adf", "adf-sales-prod", PIPELINE_RUN),
            "run_id": PIPELINE_RUN,
            "pipeline": "pl_load_sales_daily",
            "error_code": None,
            "message": "ADF pipeline run failed",
            "alert_severity": "Sev1",
        }
    ],
    "adf_metric_pipeline_failed_runs": [
        {
            "source": "adf",
            "run_key": ("adf", "alert", TEST_ALERT, "adf-failed-runs", ...),
            "run_id": None,
            "pipeline": "pl_load_sales_daily",
            "message": "Any failed pipeline run",
            "alert_severity": "Sev2",
        }
    ],
    "adf_legacy_log_v1_two_rows": [
        {
            "source": "adf",
            "run_key": ("adf", "", PIPELINE_RUN),
            "run_id": PIPELINE_RUN,
            "pipeline": "pl_load_sales_daily",
            "error_code": "2100",
            "message": "Failure happened on 'Source' side. ErrorCode=SqlOperationFailed",
            "alert_severity": "Sev2",
            "occurred_at": "2021-11-16T10:56:49Z",
        },
        {
            "source": "adf",
            "run_key": ("adf", "", "c1c8a5d7-5a0d-4b6e-8d10-9c1f2b3f4a55"),
            "pipeline": "pl_load_stock",
            "error_code": "2200",
            "message": "ErrorCode=AdlsGen2OperationFailed,",
        },
    ],
    "azmon_common_log_v2": [
        {
            "source": "azure-monitor",
            "run_key": ("azure-monitor", TEST_ALERT, "test-logAlertRule-v2", ...),
            "run_id": None,
            "pipeline": "test-logAlertRule-v2",
            "message": "Alert rule description\nQuery result Count 3 (GreaterThan 0) for Computer=test-computer",
            "alert_severity": "Sev3",
        }
    ],
    "azmon_common_metric_dynamic": [
        {
            "source": "azure-monitor",
            "run_key": ("azure-monitor", TEST_ALERT, "test-metricAlertRule"),
            "pipeline": "test-metricAlertRule",
            "labels": {"customKey1": "value1", "customKey2": "value2"},
        }
    ],
    "azmon_common_metric_resolved": "Resolved",
    "azmon_common_metric_static": [
        {
            "source": "azure-monitor",
            "pipeline": "WCUS-R2-Gen2",
            "message": "Percentage CPU Average 31.1105 (GreaterThan 25)",
        }
    ],
    "azmon_common_metric_webtest": [
        {
            "run_key": ("azure-monitor", TEST_ALERT, "availability-myApplication"),
            "message": "Alert rule description\nFailed Location Sum 5",
        }
    ],
    "azmon_common_activity_administrative": [
        {
            "source": "azure-monitor",
            "pipeline": "test-activityLogAlertRule",
            "alert_severity": "Sev4",
            "message": "Alert rule description\nMicrosoft.Compute/virtualMachines/restart/action: Succeeded by",
        }
    ],
    "azmon_common_service_health": "stage Resolved",
    "azmon_common_resource_health": [
        {"pipeline": "test-ResourceHealthAlertRule", "message": "Alert rule description\nRebooted by user"}
    ],
    "azmon_common_smart_detector": [
        {"pipeline": "Dependency Latency Degradation - test-applicationInsights", "alert_severity": "Sev3"}
    ],
    "azmon_common_prometheus": [
        {"pipeline": "sql-up", "labels": {"Environment": "Prod", "cluster": "myCluster1"}, "alert_severity": "Sev2"}
    ],
    "azmon_common_cost_budget": [
        {
            "source": "azure-monitor",
            "pipeline": "Test_actual_cost_budget",
            "message": "Your spend for budget Test_actual_cost_budget is now $11,111.00",
            "alert_severity": None,
            "recognised": True,
        }
    ],
    "azmon_common_log_v1_metric": [
        {
            "run_key": ("azure-monitor", TEST_ALERT, "test-logAlertRule-v1-metricMeasurement"),
            "message": "Alert rule description\n2 results (Greater Than 0)",
            "alert_severity": "Sev3",
        }
    ],
    "azmon_legacy_log_v1_metric": [
        {"pipeline": "test-logAlertRule-v1-metricMeasurement", "alert_severity": "Sev3", "source": "azure-monitor"}
    ],
    "azmon_legacy_metric_static": [
        {
            "source": "azure-monitor",
            "run_key": (
                "azure-monitor",
                RULES + "microsoft.storage/storageaccounts/test-storageaccount",
                RULES + "microsoft.insights/metricalerts/test-metricalertrule",
                "2021-11-15T09:35:12.970Z",
                ...,
            ),
            "pipeline": "test-metricAlertRule",
            "alert_severity": "Sev3",
        }
    ],
    "azmon_legacy_activity_administrative": [
        {"pipeline": "Microsoft.Compute/virtualMachines/restart/action", "source": "azure-monitor"}
    ],
    "azmon_legacy_service_health": "stage Resolved",
    "azmon_legacy_resource_health": [{"message": "Rebooted by user"}],
    "azmon_budget_notification": [
        {"source": "azure-monitor", "pipeline": "test-budgetName", "message": "Spent 1111.32 USD of 10000"}
    ],
    "databricks_on_start_job": "a run started",
    "databricks_on_success_task": "a run succeeded",
    "databricks_on_duration_warning": "still going",
    "databricks_on_failure_job": [
        {
            "source": "databricks",
            "run_key": ("databricks", "7405616424934600", "41847992357943"),
            "run_id": "41847992357943",
            "runs": ("41847992357943",),
            "pipeline": "nightly-etl",
            "error_code": None,
            "title": "Job nightly-etl failed (run 41847992357943)",
            "recognised": True,
        }
    ],
    "databricks_on_failure_job_int_ids": [
        {"run_key": ("databricks", "1234567890", "41847992357943"), "run_id": "41847992357943"}
    ],
    "databricks_on_failure_task": [
        {
            "run_key": ("databricks", "12345", "54321"),
            "run_id": "67890",
            "runs": ("67890", "54321"),
            "pipeline": "production_pipeline",
            "title": "Job production_pipeline failed at task process_data (run 67890)",
        }
    ],
    "databricks_api_runs_get_failed": [
        {
            "run_key": ("databricks", "7405616424934600", "41847992357943"),
            "runs": ("41847992357943", "41847992357950"),
            "pipeline": "nightly-etl",
            "error_code": "RUN_EXECUTION_ERROR",
            "message": "Task load_orders failed with message: Workload failed, see run output for details.",
            "occurred_at": "2024-05-14T03:10:12.345Z",
        }
    ],
    "databricks_api_runs_get_output_failed": [
        {
            "run_id": "41847992357950",
            "error_code": "FAILED",
            "message": "AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION]",
        }
    ],
    **{
        f"airflow_{version}_context": [
            {
                "source": "airflow",
                "run_key": ("airflow", "", "sales_daily_load", f"manual__{when}+00:00", "transform_orders", "", tried),
                "run_id": f"manual__{when}+00:00",
                "pipeline": "sales_daily_load/transform_orders",
                "message": CONTEXT_ERROR,
                "error_code": None,
            }
        ]
        for version, when, tried in (
            ("2_10", "2026-11-23T03:44:54.980291", ""),
            ("3_0", "2026-11-23T03:46:03.245260", "1"),
            ("3_1", "2026-11-23T03:47:40.790705", "1"),
        )
    },
    **{
        f"airflow_{version}_flat_callback": [
            {
                "run_key": (
                    "airflow",
                    "http://localhost:8080",
                    "sales_daily_load",
                    "scheduled__2024-05-13T02:00:00+00:00",
                    "transform_orders",
                    "",
                    tried,
                ),
                "error_code": "ValueError",
                "message": "ValueError",
                "title": "Task sales_daily_load/transform_orders failed (ValueError)",
                "occurred_at": when,
            }
        ]
        for version, tried, when in (
            ("2", "1", "2024-05-14T02:00:12.276Z"),
            ("3", "3", "2024-05-14T02:10:43.989Z"),
        )
    },
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_vendors_sample_becomes_what_it_should(name: str) -> None:
    outcomes = parse(sender_of(name), sample(name))
    expected = GOLDEN[name]
    if isinstance(expected, str):
        (outcome,) = outcomes
        assert isinstance(outcome, Ignored)
        assert expected in outcome.reason
        return
    assert len(outcomes) == len(expected)
    for outcome, facts in zip(outcomes, expected, strict=True):
        assert isinstance(outcome, Failure)
        for field, value in facts.items():
            _assert_is(getattr(outcome, field), value, field)


def _assert_is(found: Any, expected: Any, field: str) -> None:
    if field == "message":
        assert found.startswith(expected)
    elif field == "run_key" and ... in expected:
        assert len(found) == len(expected)
        assert all(e is ... or f == e for f, e in zip(found, expected, strict=True)), found
    else:
        assert found == expected, field


def test_no_sample_is_left_out() -> None:
    if not SHARED.is_dir():
        pytest.skip("no shared cases")
    there = {
        path.stem
        for path in SHARED.glob("*.json")
        if path.stem.startswith(("azmon_", "adf_", "databricks_", "airflow_"))
    }
    assert there == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_same_body_twice_has_the_same_keys(name: str) -> None:
    body = sample(name)
    assert parse(sender_of(name), body) == parse(sender_of(name), body)
