"""What is set up in other people's systems fits what the app needs of them and understands."""

import ast
import json
import re
from typing import Any
from uuid import uuid4

import yaml

from rca_core.access.roles import CALLERS
from rca_core.foundation.failure import Failure
from rca_core.sources import parse
from tests.infra.log_lines import ROOT
from tests.support.app import App

SENDERS = ROOT / "infra" / "senders"
SUBSCRIPTION = "/subscriptions/22222222-2222-2222-2222-222222222222"
FACTORY = f"{SUBSCRIPTION}/resourcegroups/rg-harbour/providers/microsoft.datafactory/factories/adf-harbour-prod"
FAILED = {
    "PipelineName": "pl_import_manifests",
    "PipelineRunId": "5d1b2a7e-0c4f-4e7b-9b57-1f9b0c1d2e3f",
    "ActivityName": "CopyManifests",
    "ErrorCode": "2200",
    "FailureType": "UserError",
    "ErrorMessage": "ErrorCode=UserErrorSourceBlobNotExist,'Type=Microsoft.DataTransfer.Common.Shared."
    "HybridDeliveryException,Message=The required Blob is missing. ContainerName: manifests.,Source=DataTransfer'",
}

# "Methods" and "Scopes", Slack developer documentation. The history of a channel needs the scope of its kind.
SCOPES_OF = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.replies": {"channels:history", "groups:history"},
}
METADATA = "metadata.message:read"


def dimensions_of_the_rule() -> list[str]:
    text = (SENDERS / "data-factory-alert.bicep").read_text()
    [listed] = re.findall(r"^var dimensions = \[(.*)\]$", text, re.MULTILINE)
    return re.findall(r"'(\w+)'", listed)


def fired(run_id: str = FAILED["PipelineRunId"], **changed: str) -> dict[str, Any]:
    """What Azure Monitor posts for one combination of the rule's dimensions; the shape: "Common alert schema for log
    alerts". The resource is the factory, since the rule splits by `_ResourceId`.
    """
    values = {**FAILED, "PipelineRunId": run_id, **changed}
    criterion = {
        "searchQuery": (SENDERS / "failed-activities.kql").read_text().replace("<factory>", FACTORY),
        "metricMeasureColumn": None,
        "targetResourceTypes": "['Microsoft.OperationalInsights/workspaces']",
        "operator": "GreaterThan",
        "threshold": "0",
        "timeAggregation": "Count",
        "dimensions": [{"name": name, "value": values[name]} for name in dimensions_of_the_rule()],
        "metricValue": 1.0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    essentials = {
        "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{uuid4()}",
        "alertRule": "rca-activity-failed",
        "severity": "Sev2",
        "signalType": "Log",
        "monitorCondition": "Fired",
        "monitoringService": "Log Alerts V2",
        "alertTargetIDs": [FACTORY],
        "configurationItems": ["adf-harbour-prod"],
        "originAlertId": str(uuid4()),
        "firedDateTime": "2026-03-01T04:15:09.6261234Z",
        "description": "Makes a ticket of each failed activity.",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    context = {
        "properties": {},
        "conditionType": "LogQueryCriteria",
        "condition": {"windowSize": "PT15M", "allOf": [criterion]},
        "windowStartTime": "2026-03-01T04:00:00Z",
        "windowEndTime": "2026-03-01T04:15:00Z",
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": context},
    }


def test_the_alert_rule_splits_by_columns_of_its_query_and_at_most_six() -> None:
    columns = dimensions_of_the_rule()
    assert len(columns) <= 6
    projected = (SENDERS / "failed-activities.kql").read_text().splitlines()[-1]
    assert all(re.search(rf"\b{column}\b", projected) for column in [*columns, "_ResourceId"])


def test_what_the_alert_rule_posts_tells_run_activity_code_and_text() -> None:
    [found] = parse("azure-monitor", json.dumps(fired()).encode())
    assert isinstance(found, Failure)
    assert found.run_key == ("adf", "adf-harbour-prod", FAILED["PipelineRunId"])
    assert (found.pipeline, found.error_code) == (FAILED["PipelineName"], "2200")
    assert found.entity["activity"] == "CopyManifests"
    assert found.entity["failure_type"] == "UserError"
    assert found.message == FAILED["ErrorMessage"]
    assert "run" in [link.kind for link in found.links]


def test_an_alert_that_fires_again_for_a_run_is_a_duplicate_and_another_activity_adds_to_its_ticket(app: App) -> None:
    run = str(uuid4())
    accepted = app.post("/azure-monitor", fired(run))
    assert accepted.status_code == 202, accepted.text
    ticket_id = accepted.json()["ticket_id"]
    app.ticket(ticket_id)
    for again in (fired(run), fired(run, ActivityName="NotifyPort")):
        answer = app.post("/azure-monitor", again)
        assert (answer.status_code, answer.json()["status"]) == (200, "duplicate")
        assert answer.json()["ticket_id"] == ticket_id
    assert app.ticket(ticket_id)["error_code"] == "2200"


def test_the_slack_app_has_the_scopes_that_our_calls_need_and_no_other() -> None:
    source = (ROOT / "rca_core" / "integrations" / "slack.py").read_text()
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    methods = {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+\.[a-z]+[A-Z]?\w*", text)}
    called = {method for method in methods if not method.endswith(".com") and method != "rca.slack_sdk"}
    assert called == set(SCOPES_OF), "a method of Slack's without its scopes here"
    needed = set().union(*(SCOPES_OF[method] for method in called))
    if "include_all_metadata" in source:
        needed.add(METADATA)
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_slack_posts_presses_to_a_door_that_is_there() -> None:
    url = manifest()["settings"]["interactivity"]["request_url"]
    assert url.endswith("/slack/interactions") and CALLERS["slack_interactions"] == "signature"


def manifest() -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load((SENDERS / "slack-app-manifest.yaml").read_text())
    return text
