"""Whatever is posted, the sender gets an answer that tells what was wrong; never a 5xx."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.app import App, wait_for

DOORS = ["/azure-monitor", "/databricks-monitor", "/airflow-monitor"]

BAD_BODIES = {
    "empty": (b"", 400, "empty"),
    "not JSON": (b"{not json", 400, "JSON"),
    "cut off": (b'{"dag_id": "d"', 400, "JSON"),
    "an empty list": (b"[]", 422, "empty"),
    "a number": (b"7", 422, "object"),
    "null": (b"null", 422, "object"),
    "text": (b'"text"', 422, "object"),
    "a list of numbers": (b"[1, 2]", 422, ""),
    "an empty object": (b"{}", 422, ""),
    "the original's false ticket": (b'{"test": 1}', 422, ""),
    "null data": (b'{"data": null}', 422, ""),
    "invalid UTF-8": (b'{"dag_id": "\xff\xfe"}', 400, "UTF-8"),
    "nested 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, 400, "nest"),
    "an object nested 50,000 deep": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "nest"),
    "over 1 MiB": (json.dumps({"dag_id": "d", "exception": "x" * 2 * 1024 * 1024}).encode(), 413, "1,048,576"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_bad_body_is_a_problem_document_that_says_what_is_wrong(app: App, door: str, what: str) -> None:
    body, status, word = BAD_BODIES[what]
    answer = app.post(door, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["title"] and problem["request_id"]
    assert word.lower() in problem["detail"].lower()
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("door", "body", "field"),
    [
        ("/azure-monitor", {"schemaId": "azureMonitorCommonAlertSchema", "data": 5}, "data"),
        ("/airflow-monitor", {"dag_id": ["a", "list"]}, "dag_id"),
    ],
)
def test_a_wrong_type_names_the_field(app: App, door: str, body: Any, field: str) -> None:
    answer = app.post(door, body)
    assert answer.status_code == 422
    assert field in answer.json()["field"]


@pytest.mark.parametrize("door", DOORS)
def test_a_chunked_body_without_a_length_is_refused_with_the_reason(app: App, door: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=10)
    connection.request("POST", door, iter([b'{"dag_id":', b'"d"}']), {"x-functions-key": app.key}, encode_chunked=True)
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    connection.close()
    assert answer.status == 411
    assert "Content-Length" in problem["detail"]


@pytest.mark.parametrize("door", DOORS)
def test_without_the_key_nothing_is_read(app: App, door: str) -> None:
    with app.client() as client:
        assert client.post(door, json={}, headers={"x-functions-key": "wrong"}).status_code == 401


def test_a_message_made_to_stall_a_pattern_stalls_nothing(app: App) -> None:
    """D10: 11 kB froze the original for 50 s, a stack trace of 128 kB for 249 s."""
    for hostile in ("Driver " * 20_000, "sensor timeout " * 10_000, "a" * 200_000, "(" * 100_000, "\\" * 100_000):
        begun = time.monotonic()
        answer = app.post("/airflow-monitor", {"dag_id": "stall", "run_id": hostile[:9], "exception": hostile})
        app.ticket(answer.json()["ticket_id"])
        assert time.monotonic() - begun < 5


def test_a_failure_with_everything_as_long_as_it_gets_is_stored_and_takes_more_reports(app: App) -> None:
    def alert(number: int) -> dict[str, Any]:
        long = f"{number}" + "é😀" * 1_500
        columns = ["PipelineName", "PipelineRunId", "ActivityName", "ActivityType", "ErrorCode", "ErrorMessage"]
        columns += ["FailureType", "_ResourceId", "LinkedServiceName", "EffectiveIntegrationRuntime"]
        return {
            "schemaId": "azureMonitorCommonAlertSchema",
            "data": {
                "essentials": {
                    "alertId": "/long",
                    "alertRule": long,
                    "description": long,
                    "monitorCondition": "Fired",
                    "investigationLink": f"https://portal.example.net/{number}/" + "x" * 7_900,
                },
                "alertContext": {
                    "properties": {f"label {n}": long[:400] for n in range(50)},
                    "condition": {
                        "allOf": [
                            {
                                "dimensions": [
                                    {"name": name, "value": "the-run" if name == "PipelineRunId" else long}
                                    for name in columns
                                ],
                                "linkToSearchResultsUI": f"https://portal.example.net/q{number}/" + "y" * 7_900,
                            }
                        ]
                    },
                },
            },
        }

    ticket_id = app.post("/azure-monitor", alert(0)).json()["ticket_id"]
    app.ticket(ticket_id)
    for number in range(1, 36):
        assert app.post("/azure-monitor", alert(number)).json()["ticket_id"] == ticket_id
    ticket = wait_for(lambda: (t := app.ticket(ticket_id))["version"] == 36 and t, "35 more reports", seconds=60)
    assert 1 < len(ticket["reports"]) < 36
    assert len(ticket["audit"]) == 36


def test_bad_parameters_are_named(app: App) -> None:
    with app.client() as client:
        for path, field in {
            "/api/tickets?limit=0": "limit",
            "/api/tickets?limit=9999": "limit",
            "/api/tickets?limit=x": "limit",
            "/api/tickets?limit=0000000001": "limit",
            f"/api/tickets?limit=1{'0' * 5_000}": "limit",
            f"/api/tickets?team={'x' * 20_000}": "team",
            f"/api/tickets?q={'x' * 201}": "q",
            f"/api/audit?user={'x' * 201}": "user",
            "/api/tickets?status=closed": "status",
            "/api/tickets?severity=bad": "severity",
            "/api/tickets?source=x": "source",
            "/api/tickets?error_type=x": "error_type",
            "/api/tickets?cursor=x": "cursor",
            "/api/audit?cursor=x": "cursor",
            "/api/audit?limit=201": "limit",
            "/api/audit?from=yesterday": "from",
            "/api/audit?to=2026-13-01": "to",
            "/api/tickets?severity=High,bad": "severity",
            "/api/tickets?status=open,": "status",
            "/api/tickets?sla_status=met": "sla_status",
            "/api/analytics?days=0": "days",
            "/api/analytics?days=366": "days",
            "/api/export/tickets.csv?source=x": "source",
            "/api/export/audit.csv?cursor=x": "cursor",
        }.items():
            answer = client.get(path)
            assert (answer.status_code, answer.json()["field"]) == (400, field), path
        assert client.get("/api/tickets/nonsense").status_code == 404
        assert client.get("/api/tickets/ADF-20261120T120000-zzzzzz").status_code == 404
        assert client.get("/api/audit?ticket_id=nonsense").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"version": 1}', b'{"version": "1", "status": "open"}', b'{"version": 1, "status": "closed"}',
     b'{"version": 1, "status": "open", "ack_user": "me"}'],
)  # fmt: skip
def test_a_bad_change_is_refused(app: App, body: bytes) -> None:
    ticket_id = app.post("/airflow-monitor", {"dag_id": "patched", "run_id": repr(body)}).json()["ticket_id"]
    app.ticket(ticket_id)
    with app.client() as client:
        answer = client.patch(f"/api/tickets/{ticket_id}", content=body)
    assert answer.status_code == 400, answer.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
# Names that the parsers look for, so that guesses get past the first check.
known_names = st.sampled_from(
    """
    schemaId data essentials alertContext condition allOf dimensions alertId alertRule monitorCondition SearchResults
    tables rows columns schema event event_type run run_id job job_id name workspace_id task cluster_id state dag_id
    task_id ti task_instance dag_run exception log_url try_number map_index status context
    """.split()  # noqa: SIM905 - a list of forty quoted words reads worse
)
known_values = st.sampled_from(
    [
        "azureMonitorCommonAlertSchema",
        "AzureMonitorMetricAlert",
        "Fired",
        "jobs.on_failure",
        "rca.adf/1",
        "rca.airflow/1",
    ]
)
likely_bodies = st.recursive(
    json_values | known_values,
    lambda inner: st.dictionaries(known_names, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=25,
)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=likely_bodies)
def test_thousands_of_guesses_never_make_a_5xx(busy_app: App, door: str, body: Any) -> None:
    with busy_app.client() as client:
        answer = client.post(door, content=json.dumps(body).encode())
    assert answer.status_code in (200, 202, 400, 413, 422), answer.text


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_bytes_of_any_kind_never_make_a_5xx(busy_app: App, door: str, body: bytes) -> None:
    with busy_app.client() as client:
        answer = client.post(door, content=body)
    assert answer.status_code in (200, 202, 400, 413, 422), answer.text
