"""What Data Factory says about a failed pipeline run: the activities that failed, child pipelines included.

Call and fields: Data Factory REST API reference, "Activity Runs - Query By Pipeline Run" (2018-06-01). Outputs of
activities: Data Factory documentation, "Copy activity monitoring", "Execute Pipeline activity" and "Transform data by
running a Databricks notebook".
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from azure.core.exceptions import AzureError

from rca_core.foundation.evidence import Evidence, EvidenceSource, dig, facts, objects, plain, run_links, words
from rca_core.foundation.failure import Failure
from rca_core.integrations.rest import LIMITS, Client, Limits, NoAnswer, segment

MOST_ACTIVITIES = 5
MOST_CHILDREN = 3

_SOURCE: EvidenceSource = "data factory activity runs"
_MOST_PAGES = 5
_FAILED = {"failed", "timedout", "cancelled", "canceled"}
# They fail because something inside them failed, and come after it.
_WRAPPERS = {"executepipeline", "foreach", "ifcondition", "until", "switch"}
_NAME = r"(?!\.{1,2}/)[\w.()-]{1,90}"
_FACTORY = re.compile(
    rf"/subscriptions/[0-9a-f-]{{1,36}}/resourcegroups/{_NAME}/providers/microsoft\.datafactory/factories/[\w-]{{1,63}}",
    re.IGNORECASE | re.ASCII,
)

_Activity = dict[str, Any]


def fetch(
    management_url: str | None,
    credential_token: Callable[[], str] | None,
    failure: Failure,
    limits: Limits = LIMITS,
) -> list[Evidence]:
    """What the factory says about the failed run; at least one Evidence, whatever Azure does.

    `credential_token` returns a token for the scope `<management_url>/.default`.
    """
    sent = words(failure.entity.get("resource_id"))
    factory = _FACTORY.match(sent)
    if not management_url or credential_token is None:
        missing = "the app has no identity to ask Azure with" if management_url else "AZURE_MANAGEMENT_URL is not set"
        return [_nothing(f"{missing[:1].upper()}{missing[1:]}.")]
    if not failure.run_id:
        return [_nothing("The report names no pipeline run.")]
    if factory is None or sent[factory.end() :][:1] not in ("", "/"):
        why = "is not that of a data factory" if sent else "is missing"
        return [_nothing(f"The factory's resource id {why}: the report must carry it to find the run.")]
    try:
        token = credential_token()
    except (AzureError, OSError, ValueError) as error:
        return [_trouble(f"The app's identity got no token for Azure ({type(error).__name__}).")]
    try:
        with Client("AZURE_MANAGEMENT_URL", management_url, f"Bearer {token}", limits) as client:
            return _run(client, factory.group(), failure)
    except NoAnswer as refusal:
        return [_trouble(refusal.note)]


def _run(client: Client, factory: str, failure: Failure) -> list[Evidence]:
    window = _window(failure.occurred_at)
    failed, note = _failed_activities(client, factory, failure.run_id or "", window)
    found = list(failed)
    children = (run for activity in failed if (run := words(dig(activity, "output", "pipelineRunId"))))
    for child in list(dict.fromkeys(children))[:MOST_CHILDREN]:
        try:
            inner, missing = _failed_activities(client, factory, child, window)
        except NoAnswer as refusal:
            inner, missing = [], f"The child pipeline's activities are missing: {refusal.note}"
        note = f"{note} {missing}".strip()
        found += inner
    if not found:
        return [_nothing(note or "The run has no failed activity (yet), or it is older than Data Factory keeps.")]
    found.sort(key=lambda activity: _is_wrapper(activity))
    if len(found) > MOST_ACTIVITIES:
        note = f"{note} {len(found)} activities failed; {MOST_ACTIVITIES} are shown.".strip()
    return [_evidence(activity, factory, note) for activity in found[:MOST_ACTIVITIES]]


def _failed_activities(
    client: Client, factory: str, run_id: str, window: dict[str, Any]
) -> tuple[list[_Activity], str]:
    """The activities whose last try failed, in the order they ran, and what is missing from them."""
    path = f"{factory}/pipelineruns/{segment('run id', run_id)}/queryActivityruns"
    newest_first = {**window, "orderBy": [{"orderBy": "ActivityRunStart", "order": "DESC"}]}
    last: dict[tuple[str, str], _Activity] = {}
    token, note = "", ""
    for page in range(_MOST_PAGES):
        body = {**newest_first, "continuationToken": token} if token else newest_first
        try:
            answer = client.post(path, {"api-version": "2018-06-01"}, body).document()
        except NoAnswer as refusal:
            if page == 0:
                raise
            note = f"Some activities are missing: {refusal.note}"
            break
        for activity in objects(answer.get("value")):
            key = (words(activity.get("activityName")), words(activity.get("iterationHash")))
            if key not in last or _started(activity) > _started(last[key]):
                last[key] = activity
        token = words(answer.get("continuationToken"))
        if not token:
            break
    else:
        note = f"Only the latest {_MOST_PAGES} pages of activities were read."
    return sorted((activity for activity in last.values() if _has_failed(activity)), key=_started), note


def _evidence(activity: _Activity, factory: str, note: str) -> Evidence:
    name, kind = words(activity.get("activityName")), words(activity.get("activityType"))
    run_id, output = words(activity.get("pipelineRunId")), activity.get("output")
    error = activity.get("error")
    code, said = words(dig(error, "errorCode")), plain(words(dig(error, "message")) or words(error))
    details = [
        f"{words(item.get('Code'))}: {words(item.get('Message'))}"
        for item in objects(dig(output, "errors"))
        if words(item.get("Message")) not in said
    ]
    page = words(dig(output, "runPageUrl"))
    return Evidence(
        source=_SOURCE,
        status="data",
        note=note,
        title=f"Activity {name} ({kind}) {words(activity.get('status'))}",
        text=plain("\n".join(filter(None, [said, *details]))),
        error_code=code or None,
        message=said or None,
        links=run_links(_studio(factory, run_id), page),
        entity=facts(
            activity=name,
            activity_type=kind,
            activity_run_id=words(activity.get("activityRunId")),
            pipeline=words(activity.get("pipelineName")),
            run_id=run_id,
            failure_type=words(dig(error, "failureType")),
            linked_service=words(activity.get("linkedServiceName")),
            integration_runtime=words(dig(output, "effectiveIntegrationRuntime")),
            attempt=activity.get("retryAttempt"),
            child_run_id=words(dig(output, "pipelineRunId")),
        ),
    )


def _window(occurred_at: str | None) -> dict[str, Any]:
    """When the activities were last changed: the call demands both ends."""
    now = datetime.now(UTC)
    start, end = now - timedelta(days=7), now + timedelta(days=1)
    if occurred_at:
        try:
            moment = datetime.fromisoformat(occurred_at).astimezone(UTC)
            start, end = moment - timedelta(days=1), moment + timedelta(days=1)
        except (ValueError, OverflowError):
            pass
    return {"lastUpdatedAfter": f"{start:%Y-%m-%dT%H:%M:%SZ}", "lastUpdatedBefore": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


def _has_failed(activity: _Activity) -> bool:
    return words(activity.get("status")).lower() in _FAILED


def _is_wrapper(activity: _Activity) -> bool:
    return words(activity.get("activityType")).lower() in _WRAPPERS


def _started(activity: _Activity) -> str:
    return words(activity.get("activityRunStart"))


def _studio(factory: str, run_id: str) -> str:
    run = quote(run_id, safe="")
    return f"https://adf.azure.com/en/monitoring/pipelineruns/{run}?factory={quote(factory, safe='')}" if run else ""


def _nothing(note: str) -> Evidence:
    return Evidence(source=_SOURCE, status="no_data", note=note)


def _trouble(note: str) -> Evidence:
    return Evidence(source=_SOURCE, status="error", note=note)
