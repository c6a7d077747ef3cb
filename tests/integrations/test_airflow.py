"""What Airflow 2 and 3 are asked about a failed task, and what becomes of their answers."""

import base64
import json
import time
from typing import Any

import pytest

from rca_core.foundation.evidence import Evidence
from rca_core.foundation.failure import Failure
from rca_core.integrations.airflow import fetch
from rca_core.integrations.rest import LIMITS, Limits
from tests.integrations.servers import (
    LOGIN_PAGE,
    QUICK,
    TOKEN,
    TROUBLE,
    Reply,
    Request,
    Server,
    nobody_listens,
    said,
    serving,
)

RUN = "scheduled__2025-05-14T03:00:00+00:00"
QUOTED = "scheduled__2025-05-14T03%3A00%3A00%2B00%3A00"
INSTANCES = f"/dags/sales/dagRuns/{QUOTED}/taskInstances"
V2, V1 = f"/api/v2{INSTANCES}/load/logs/2", f"/api/v1{INSTANCES}/load/logs/2"
LINE = {"timestamp": "2025-05-14T03:04:05Z", "level": "error", "logger": "task", "event": "Task failed with exception"}
DETAIL = [
    {
        "exc_type": "AirflowException",
        "exc_value": "load failed",
        "is_cause": False,
        "frames": [{"filename": "/dags/sales.py", "lineno": 7, "name": "load"}],
    },
    {"exc_type": "KeyError", "exc_value": "'amount'", "is_cause": True, "frames": []},
]
PLAIN = "worker-1\n*** Found local files:\n[2025-05-14] ERROR - failed\nairflow.exceptions.AirflowException: Bash\n"
UNKNOWN = Reply(404, b"<!DOCTYPE html>Airflow 404", type="text/html")


def failure(**entity: Any) -> Failure:
    run_id = entity.pop("run_id", RUN)
    named = {"dag_id": "sales", "task_id": "load", "try_number": "2", **entity}
    return Failure(
        source="airflow",
        run_key=("x",),
        report_key="x",
        pipeline="p",
        title="t",
        message="",
        run_id=run_id,
        entity={key: value for key, value in named.items() if value},
    )


def by_path(**replies: Any) -> Any:
    """Replies by version; the rest is unknown there."""
    return lambda request: replies.get(request.path.split("/")[2], UNKNOWN)


def ask(
    airflow: Any, reported: Failure | None = None, token: str = TOKEN, limits: Limits = QUICK
) -> tuple[list[Evidence], Server]:
    with serving(airflow) as server:
        return fetch(server.url, token, reported or failure(), limits), server


def test_airflow_3_with_structured_lines() -> None:
    lines = [{"event": "::group::Log message source details", "sources": ["/x"]}, {**LINE, "error_detail": DETAIL}]
    (found,), server = ask(by_path(v2=said({"content": lines, "continuation_token": None})))
    assert (found.source, found.status, found.note) == ("airflow task log", "data", "")
    assert found.title == "Log of sales/load, try 2"
    assert (found.error_code, found.message) == ("AirflowException", "AirflowException: load failed")
    assert found.text.splitlines() == [
        "::group::Log message source details",
        "[2025-05-14T03:04:05Z] ERROR - Task failed with exception",
        "Traceback (most recent call last):",
        "KeyError: 'amount'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "/dags/sales.py", line 7, in load',
        "AirflowException: load failed",
    ]
    assert server.paths == [V2]
    assert server.asked[0].query == {"full_content": "true"}
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_airflow_2_is_asked_in_plain_text_after_3_was_not_found() -> None:
    (found,), server = ask(by_path(v1=Reply(body=PLAIN.encode(), type="text/plain")), token="user:pass word")
    assert server.paths == [V2, V1]
    assert server.asked[1].headers["Accept"] == "text/plain"
    assert server.asked[1].headers["Authorization"] == "Basic " + base64.b64encode(b"user:pass word").decode()
    assert found.text == PLAIN.strip("\n")
    assert (found.error_code, found.message) == ("AirflowException", "airflow.exceptions.AirflowException: Bash")


@pytest.mark.parametrize("unknown", [LOGIN_PAGE, Reply(302, headers={"Location": "/login/"}), Reply(405)])
def test_other_ways_of_not_knowing_a_version(unknown: Reply) -> None:
    (found,), _ = ask(by_path(v2=unknown, v1=Reply(body=PLAIN.encode(), type="text/plain")))
    assert found.status == "data"


def test_the_version_in_the_report_is_asked_first() -> None:
    _, server = ask(by_path(v1=Reply(body=PLAIN.encode(), type="text/plain")), failure(airflow_version="2.10.4"))
    assert server.paths == [V1]


def test_airflow_2_in_json_with_a_token_that_never_ends() -> None:
    pages = [repr([("worker-1", "it's\nValueError: bad \u00e9\n")]), repr([("", "")])]

    def answer(request: Request) -> Reply:
        if "/v2/" in request.path:
            return UNKNOWN
        return said({"content": pages[int(request.query.get("token", 0))], "continuation_token": "1"})

    (found,), server = ask(answer)
    assert found.text == "worker-1\nit's\nValueError: bad \u00e9"
    assert found.error_code == "ValueError"
    assert server.paths == [V2, V1, V1]


def test_pages_of_airflow_3() -> None:
    def answer(request: Request) -> Reply:
        page = int(request.query.get("token", 0))
        return said({"content": [f"line {page}"], "continuation_token": str(page + 1) if page < 2 else None})

    (found,), _ = ask(answer)
    assert found.text == "line 0\nline 1\nline 2"


def test_pages_without_end_are_left() -> None:
    def answer(request: Request) -> Reply:
        page = int(request.query.get("token", 0))
        return said({"content": [f"line {page}"], "continuation_token": str(page + 1)})

    _, server = ask(answer)
    assert len(server.asked) == 5


def test_a_page_that_fails_is_told() -> None:
    first = said({"content": ["line 0"], "continuation_token": "1"})
    (found,), _ = ask(lambda request: Reply(500) if "token" in request.query else first)
    assert found.text == "line 0"
    assert found.note.startswith("The log is cut: the rest is missing: GET /api/v2/")


@pytest.mark.parametrize("content", [[json.dumps(LINE)], None])
def test_one_json_object_a_line(content: Any) -> None:
    reply = said({"content": content}) if content else Reply(body=b"\n".join([json.dumps(LINE).encode()] * 2))
    (found,), _ = ask(by_path(v2=reply))
    assert found.text.splitlines()[0] == "[2025-05-14T03:04:05Z] ERROR - Task failed with exception"


def test_a_mapped_task() -> None:
    (found,), server = ask(by_path(v2=said({"content": ["x"]})), failure(map_index="3"))
    assert server.asked[0].query["map_index"] == "3"
    assert (found.title, found.entity["map_index"]) == ("Log of sales/load[3], try 2", "3")


def test_without_a_try_number_the_task_is_asked_for_it() -> None:
    def answer(request: Request) -> Reply:
        return said({"content": ["x"]} if "/logs/" in request.path else {"try_number": 4})

    (found,), server = ask(answer, failure(try_number="", map_index="0"))
    assert server.paths[0] == f"/api/v2{INSTANCES}/load/0"
    assert found.entity["try_number"] == "4"


def test_a_dag_that_failed_shows_its_failed_tasks() -> None:
    listed = [
        {"task_id": f"t{n}", "state": "failed", "try_number": 1, "map_index": -1, "end_date": f"2025-05-14T0{n}"}
        for n in (3, 1, 2, 4)
    ]
    listed.append({"task_id": "after", "state": "upstream_failed"})

    def answer(request: Request) -> Reply:
        if request.path.endswith("/taskInstances"):
            assert request.query["state"] == "failed"
            return said({"task_instances": listed, "total_entries": 5})
        return Reply(500) if "/t2/" in request.path else said({"content": [request.path.split("/")[-3]]})

    found, _ = ask(answer, failure(task_id="", try_number=""))
    assert [(evidence.status, evidence.text) for evidence in found] == [("data", "t1"), ("error", ""), ("data", "t3")]
    assert found[0].note == "4 tasks failed; the first 3 are shown."
    assert found[1].entity == {"task_id": "t2"}


def test_a_dag_without_failed_task() -> None:
    (found,), _ = ask(by_path(v2=said({"task_instances": []})), failure(task_id=""))
    assert (found.status, found.note) == ("no_data", "No task of the DAG run is in state failed.")


def test_an_empty_log() -> None:
    (found,), _ = ask(by_path(v2=said({"content": [], "continuation_token": None})))
    assert (found.status, found.note) == ("no_data", "The log is empty.")


@pytest.mark.parametrize(
    "body",
    [
        b"x\n" * 10_000_000,
        json.dumps({"content": [LINE] * 180_000}).encode(),
        json.dumps({"content": "caf\u00e9 \u2713\n" * 1_500_000}).encode(),
    ],
    ids=["text", "lines", "string"],
)
def test_a_log_of_20_mb_is_read_as_far_as_allowed(body: bytes) -> None:
    assert len(body) > 16_000_000
    (found,), _ = ask(by_path(v2=Reply(body=body)), limits=LIMITS)
    assert found.status == "data"
    assert found.note == "The log is cut: only the first 8 MiB were read."
    assert 3_000_000 < len(found.text) <= 8 * 1024 * 1024


def test_colours_are_removed() -> None:
    (found,), _ = ask(by_path(v2=said({"content": ["\x1b[31mValueError\x1b[0m: red\x00 \ud83d"]})))
    assert found.text == "ValueError: red ?"


@pytest.mark.parametrize("name", sorted(set(TROUBLE) - {"a list", "nested", "not UTF-8", "dripping"}))
def test_trouble_becomes_one_error(name: str) -> None:
    reply, expected = TROUBLE[name]
    (found,), _ = ask(reply)
    assert found.status == "error"
    assert expected in found.note and found.note.startswith(("GET /api/v2/", "The answer to GET /api/v2/"))
    assert TOKEN not in repr(found)


def test_a_slow_log_is_kept_as_far_as_it_came() -> None:
    (found,), _ = ask(Reply(body=b"x\n" * 500, type="text/plain", drip=0.01))
    assert (found.status, found.note) == ("data", "The log is cut: only what came within 0.8 s was read.")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00{", b"[" * 100_000, b'{"content": 5}', b'{"content": [[], 1, {"event": {}}]}']
)
def test_strange_bodies_are_survived(body: bytes) -> None:
    (found,), _ = ask(Reply(body=body))
    assert found.status in ("data", "no_data")


def test_nobody_listens() -> None:
    (found,) = fetch(nobody_listens(), TOKEN, failure(), QUICK)
    assert found.note.endswith("no connection to the host in the settings.")


def test_ids_cannot_leave_their_place() -> None:
    (found,), server = ask(Reply(), failure(dag_id=".."))
    assert (found.status, server.asked) == ("error", [])


@pytest.mark.parametrize(
    ("url", "token", "reported", "note"),
    [
        ("", None, failure(), "AIRFLOW_BASE_URL and AIRFLOW_TOKEN are not set."),
        ("https://airflow", None, failure(), "AIRFLOW_TOKEN is not set."),
        ("https://airflow", "x", failure(run_id=None), "The report names no DAG run."),
    ],
)
def test_without_the_means_nothing_is_asked(url: str, token: str | None, reported: Failure, note: str) -> None:
    (found,) = fetch(url, token, reported, QUICK)
    assert (found.status, found.note) == ("no_data", note)


@pytest.mark.parametrize("content", ["[('" + "\\'" * 500_000, "[('" + "'\"" * 500_000, "[('host', 'cut of", "[('"])
def test_a_notation_without_end_takes_no_longer(content: str) -> None:
    started = time.monotonic()
    (found,), _ = ask(by_path(v2=said({"content": content})), limits=LIMITS)
    assert time.monotonic() - started < 3
    assert found.status in ("data", "no_data")
