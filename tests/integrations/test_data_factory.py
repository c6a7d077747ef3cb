"""What Data Factory is asked about a failed pipeline run, and what becomes of its answers."""

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure
from rca_core.integrations.data_factory import fetch
from tests.integrations.servers import QUICK, TOKEN, TROUBLE, Reply, Request, Server, nobody_listens, said, serving

FACTORY = (
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/rg-data"
    "/providers/Microsoft.DataFactory/factories/adf-sales-prod"
)
RUN = "9f60aa11-0000-4000-8000-000000000001"
CHILD = "9f60aa11-0000-4000-8000-000000000002"


def path(run_id: str) -> str:
    return f"{FACTORY}/pipelineruns/{run_id}/queryActivityruns"


def activity(name: str, status: str = "Failed", start: str = "03:00", **more: Any) -> dict[str, Any]:
    return {
        "activityName": name,
        "activityType": "Copy",
        "activityRunId": f"run-of-{name}",
        "pipelineName": "load_sales",
        "pipelineRunId": RUN,
        "linkedServiceName": "sql_prod",
        "status": status,
        "activityRunStart": f"2025-05-14T{start}:00Z",
        "retryAttempt": None,
        "output": {"effectiveIntegrationRuntime": "shir-prod (West Europe)"},
        "error": {"errorCode": "2200", "message": f"{name} broke", "failureType": "UserError", "target": name},
        **more,
    }


class Azure:
    """Pages of activities by pipeline run."""

    def __init__(self, **runs: list[list[dict[str, Any]]]) -> None:
        self.runs = {RUN: runs["run"], CHILD: runs.get("child", [])}

    def __call__(self, request: Request) -> Reply:
        assert request.method == "POST" and request.query == {"api-version": "2018-06-01"}
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        pages = next(pages for run_id, pages in self.runs.items() if request.path == path(run_id))
        page = int(request.body.get("continuationToken") or 0)
        more = {"continuationToken": str(page + 1)} if page + 1 < len(pages) else {}
        return said({"value": pages[page] if pages else [], **more})


def failure(run_id: str | None = RUN, resource_id: str = FACTORY, when: str | None = "2025-05-14T03:05:00Z") -> Failure:
    return Failure(
        source="adf",
        run_key=("x",),
        report_key="x",
        pipeline="p",
        title="t",
        message="",
        run_id=run_id,
        occurred_at=when,
        entity={"resource_id": resource_id} if resource_id else {},
    )


def ask(azure: Any, reported: Failure | None = None) -> tuple[list[Evidence], Server]:
    with serving(azure) as server:
        return fetch(server.url, lambda: TOKEN, reported or failure(), QUICK), server


def names(found: list[Evidence]) -> list[str]:
    return [evidence.entity["activity"] for evidence in found]


def test_a_copy_that_failed() -> None:
    errors = [{"Code": 9011, "Message": "Cannot open server", "EventType": 0}]
    broken = activity("Copy orders", output={"effectiveIntegrationRuntime": "shir-prod", "errors": errors})
    (found,), server = ask(Azure(run=[[activity("Look up", "Succeeded"), broken]]))
    assert (found.source, found.status, found.note) == ("data factory activity runs", "data", "")
    assert found.title == "Activity Copy orders (Copy) Failed"
    assert (found.error_code, found.message) == ("2200", "Copy orders broke")
    assert found.text == "Copy orders broke\n9011: Cannot open server"
    assert found.entity == {
        "activity": "Copy orders",
        "activity_type": "Copy",
        "activity_run_id": "run-of-Copy orders",
        "pipeline": "load_sales",
        "run_id": RUN,
        "failure_type": "UserError",
        "linked_service": "sql_prod",
        "integration_runtime": "shir-prod",
    }
    assert found.links[0].url.startswith(f"https://adf.azure.com/en/monitoring/pipelineruns/{RUN}?factory=%2Fsub")
    body = server.asked[0].body
    assert (body["lastUpdatedAfter"], body["lastUpdatedBefore"]) == ("2025-05-13T03:05:00Z", "2025-05-15T03:05:00Z")


@pytest.mark.parametrize("when", [None, "yesterday", "0001-01-01T00:00:00Z"])
def test_without_a_usable_time_the_last_week_is_asked_for(when: str | None) -> None:
    _, server = ask(Azure(run=[[]]), failure(when=when))
    body = server.asked[0].body
    assert body["lastUpdatedAfter"][:2] == "20" and body["lastUpdatedAfter"] < body["lastUpdatedBefore"]


def test_the_activity_that_failed_in_the_child_pipeline_comes_first() -> None:
    call = activity("Run child", activityType="ExecutePipeline", output={"pipelineRunId": CHILD})
    inner = activity("Copy orders", pipelineRunId=CHILD, pipelineName="child")
    found, server = ask(Azure(run=[[call]], child=[[inner]]))
    assert names(found) == ["Copy orders", "Run child"]
    assert server.paths == [path(RUN), path(CHILD)]
    assert found[1].entity["child_run_id"] == CHILD


def test_a_child_that_cannot_be_read_is_told() -> None:
    azure = Azure(run=[[activity("Run child", activityType="ExecutePipeline", output={"pipelineRunId": CHILD})]])
    (found,), _ = ask(lambda r: Reply(403) if CHILD in r.path else azure(r))
    assert found.note.startswith("The child pipeline's activities are missing: POST /subscriptions/")


def test_children_are_followed_one_level() -> None:
    call = activity("Run child", activityType="ExecutePipeline", output={"pipelineRunId": CHILD})
    deeper = activity("Deeper", activityType="ExecutePipeline", output={"pipelineRunId": "third"})
    _, server = ask(Azure(run=[[call]], child=[[deeper]]))
    assert len(server.asked) == 2


def test_pages() -> None:
    found, server = ask(Azure(run=[[activity("ok", "Succeeded")], [activity("b", start="02:00")], [activity("a")]]))
    assert names(found) == ["b", "a"]
    assert len(server.asked) == 3


def test_pages_without_end_are_left() -> None:
    found, server = ask(Azure(run=[[activity(f"a{page}")] for page in range(9)]))
    assert len(server.asked) == 5
    assert found[0].note == "Only the latest 5 pages of activities were read."


def test_a_later_page_that_fails_is_told() -> None:
    azure = Azure(run=[[activity("a")], []])
    (found,), _ = ask(lambda r: Reply(500) if "continuationToken" in r.body else azure(r))
    assert found.note.startswith("Some activities are missing: POST")


def test_a_retry_that_succeeded_is_no_failure() -> None:
    pages = [[activity("a", "Succeeded", "04:00"), activity("a", "Failed"), activity("b", "TimedOut")]]
    found, _ = ask(Azure(run=pages))
    assert names(found) == ["b"]


def test_many_failures_are_counted() -> None:
    found, _ = ask(Azure(run=[[activity(f"a{n}", start=f"03:0{n}") for n in range(8)]]))
    assert names(found) == [f"a{n}" for n in range(5)]
    assert found[0].note == "8 activities failed; 5 are shown."


def test_a_notebook_activity_links_to_its_run() -> None:
    page = "https://adb-740.0.azuredatabricks.net/?o=740#job/1/run/2"
    (found,), _ = ask(Azure(run=[[activity("Notebook", output={"runPageUrl": page})]]))
    assert found.links[1].url == page


def test_a_run_without_failed_activity() -> None:
    (found,), _ = ask(Azure(run=[[activity("ok", "Succeeded")]]))
    assert found.status == "no_data"
    assert found.note == "The run has no failed activity (yet), or it is older than Data Factory keeps."


def test_strange_shapes_are_survived() -> None:
    strange = [None, 1, {"status": "Failed", "error": "plain", "output": [1]}, {"status": 5}]
    (found,), _ = ask(said({"value": strange, "continuationToken": {"a": 1}}))
    assert found.message == "plain"


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_becomes_one_error(name: str) -> None:
    reply, expected = TROUBLE[name]
    (found,), _ = ask(reply)
    assert found.status == "error"
    assert expected in found.note
    assert TOKEN not in repr(found) and "api-version" not in found.note


def test_nobody_listens() -> None:
    (found,) = fetch(nobody_listens(), lambda: TOKEN, failure(), QUICK)
    assert found.note.endswith("no connection to the host in the settings.")


@pytest.mark.parametrize(
    "resource_id",
    [
        "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/syn",
        "/subscriptions/0/resourceGroups/../providers/Microsoft.DataFactory/factories/f",
        "/subscriptions/0/resourceGroups/rg/providers/Microsoft.DataFactory/factories/f?x=1",
        "https://evil.example.com" + FACTORY,
        "//evil.example.com",
    ],
)
def test_what_is_no_factory_is_not_asked_for(resource_id: str) -> None:
    (found,), server = ask(Azure(run=[[]]), failure(resource_id=resource_id))
    assert (found.status, server.asked) == ("no_data", [])
    assert "is not that of a data factory" in found.note


def test_a_run_id_cannot_leave_its_place() -> None:
    (found,), server = ask(Azure(run=[[]]), failure(run_id=".."))
    assert (found.status, server.asked) == ("error", [])


def no_identity() -> str:
    raise ClientAuthenticationError("secret details")


def test_without_the_means_nothing_is_asked() -> None:
    azure = "https://management.azure.com"
    notes = [
        fetch(None, lambda: TOKEN, failure())[0].note,
        fetch(azure, None, failure())[0].note,
        fetch(azure, lambda: TOKEN, failure(run_id=None))[0].note,
        fetch(azure, lambda: TOKEN, failure(resource_id=""))[0].note,
        fetch(azure, no_identity, failure())[0].note,
    ]
    assert notes == [
        "AZURE_MANAGEMENT_URL is not set.",
        "The app has no identity to ask Azure with.",
        "The report names no pipeline run.",
        "The factory's resource id is missing: the report must carry it to find the run.",
        "The app's identity got no token for Azure (ClientAuthenticationError).",
    ]
