"""A Data Factory activity alert as Azure Monitor posts it (common alert schema, log alert V2), about 3 KB."""

from __future__ import annotations

import json
import uuid
from typing import Any

_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000042"
_FACTORY = f"{_SUBSCRIPTION}/resourcegroups/rg-data-prod/providers/microsoft.datafactory/factories/adf-retail-prod"
_WORKSPACE = f"{_SUBSCRIPTION}/resourcegroups/rg-data-prod/providers/microsoft.operationalinsights/workspaces/law-data"
_RUN = "00000000-0000-4000-8000-000000000000"
_DIMENSIONS = {
    "PipelineName": "pl_load_orders_hourly",
    "PipelineRunId": _RUN,
    "ActivityName": "CopyOrdersToLake",
    "ActivityType": "Copy",
    "ErrorCode": "2200",
    "FailureType": "UserError",
    "ErrorMessage": (
        "ErrorCode=SqlFailedToConnect,'Type=Microsoft.DataTransfer.Common.Shared.HybridDeliveryException,Message="
        "Cannot connect to SQL Database: 'tcp:sql-retail.database.windows.net,1433', Database: 'orders', User: "
        "'loader'. Check the linked service configuration is correct, and make sure the SQL Database firewall allows "
        "the integration runtime to access.,Source=Microsoft.DataTransfer.Connectors.MSSQL,''Type=Microsoft.Data."
        "SqlClient.SqlException,Message=Cannot open server 'sql-retail' requested by the login. Client with IP "
        "address '20.61.40.7' is not allowed to access the server.,Source=Framework Microsoft SqlClient Data "
        "Provider,SqlErrorNumber=40615,Class=14,State=1,'"
    ),
    "EffectiveIntegrationRuntime": "AutoResolveIntegrationRuntime (West Europe)",
    "_ResourceId": _FACTORY,
}
_QUERY = (
    "ADFActivityRun | where Status == 'Failed' | join kind=leftouter (ADFPipelineRun | where Status == 'Failed' | "
    "project PipelineRunId, Parameters, Predecessors) on PipelineRunId | project TimeGenerated, PipelineName, "
    "PipelineRunId, ActivityName, ActivityType, ErrorCode, FailureType, ErrorMessage, EffectiveIntegrationRuntime, "
    "_ResourceId"
)
_ALERT: dict[str, Any] = {
    "schemaId": "azureMonitorCommonAlertSchema",
    "data": {
        "essentials": {
            "alertId": f"{_SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/5a1c7f52-6a3b-4b0e-9d1e-2f0c5a9b",
            "alertRule": "adf-activity-failed",
            "severity": "Sev1",
            "signalType": "Log",
            "monitorCondition": "Fired",
            "monitoringService": "Log Alerts V2",
            "alertTargetIDs": [_WORKSPACE],
            "configurationItems": ["adf-retail-prod"],
            "originAlertId": "0d6f7a2e-7a37-4c0d-9f43-3b7b8e6c1001",
            "firedDateTime": "2026-11-20T02:14:51.4012233Z",
            "description": "An activity of a pipeline in the production factory failed.",
            "essentialsVersion": "1.0",
            "alertContextVersion": "1.0",
        },
        "alertContext": {
            "properties": {"team": "retail-data", "environment": "prod"},
            "conditionType": "LogQueryCriteria",
            "condition": {
                "windowSize": "PT5M",
                "allOf": [
                    {
                        "searchQuery": _QUERY,
                        "metricMeasureColumn": None,
                        "targetResourceTypes": "['Microsoft.OperationalInsights/workspaces']",
                        "operator": "GreaterThan",
                        "threshold": "0",
                        "timeAggregation": "Count",
                        "dimensions": [{"name": name, "value": value} for name, value in _DIMENSIONS.items()],
                        "metricValue": 1.0,
                        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
                    }
                ],
                "windowStartTime": "2026-11-20T02:09:51Z",
                "windowEndTime": "2026-11-20T02:14:51Z",
            },
        },
    },
}
_TEMPLATE = json.dumps(_ALERT).encode()
SIZE = len(_TEMPLATE)


def alert(run_id: str | None = None) -> bytes:
    """The alert about a run of its own, or about the run with that id of 36 characters; always SIZE bytes."""
    return _TEMPLATE.replace(_RUN.encode(), (run_id or str(uuid.uuid4())).encode())
