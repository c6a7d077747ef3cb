"""When two failures are the same one."""

import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rca_core.diagnosis.fingerprint import fingerprint, masked
from rca_core.foundation.failure import Failure
from rca_core.sources import parse

PAYLOADS = Path(os.environ.get("RCA_CASES") or Path(__file__).parents[2] / "../shared/cases") / "payloads"


def failure(message: str = "Cannot open the table.", **changes: Any) -> Failure:
    base = Failure(
        source="adf",
        run_key=("adf", "adf-sales", "run-1"),
        report_key="0",
        pipeline="pl_load",
        title="Pipeline pl_load failed",
        message=message,
        entity={"factory": "adf-sales", "pipeline": "pl_load", "activity": "Copy"},
    )
    return msgspec.structs.replace(base, **changes)


SAME = {
    "dates glued to a name": ("Load of orders_20251209 failed", "Load of orders_20251210 failed"),
    "partitions": (
        "dt=2025-12-09/part-00017-3b0f3f0c-55b5-4a4e-8c1c-0b1d7e4f2002.c000.snappy.parquet is corrupt",
        "dt=2025-12-10/part-00003-abcdefab-cdef-abcd-efab-cdefabcdefab.c000.snappy.parquet is corrupt",
    ),
    "tasks, stages, attempts and hosts by address": (
        "Task 3 in stage 4.0 failed 4 times: Lost task 3.3 in stage 4.0 (TID 12) (10.139.64.5 executor 7)",
        "Task 17 in stage 12.0 failed 4 times: Lost task 17.2 in stage 12.0 (TID 9021) (10.139.64.21 executor 11)",
    ),
    "times with and without a fraction": (
        "Lock held since 2025-12-09T02:10:41.304189+00:00",
        "Lock held since 2025-12-10T02:10:41Z",
    ),
    "days in words": (
        "Token expired on Tue, 09 Dec 2025 02:10:41 GMT",
        "Token expired on Mon, 5 Jan 2026 11:00:02 GMT",
    ),
    "durations in other units": ("No answer after 59 seconds", "No answer after 1.5 minutes"),
    "sizes": ("Used 900 MB of memory", "Used 1.2 GB of memory"),
    "paths with dates": (
        "No such file /mnt/raw/orders/2025/12/09/x.csv",
        "No such file /mnt/raw/orders/2025/12/10/x.csv",
    ),
    "temporary folders": ("Cannot read /tmp/tmpab12_xyz/in.csv", "Cannot read /tmp/tmpqwertzui/in.csv"),
    "queries of addresses": (
        "GET https://api.example.com/v1/rates?day=1&key=a failed",
        "GET https://api.example.com/v1/rates?day=2&key=b failed",
    ),
    "hexadecimal ids": ("Request 0x7f8bafe1 (correlation 9f8e7d6c5b4a)", "Request 0x11 (correlation 123456789012)"),
    "objects in memory": ("Lost org.Foo@1a2b3c", "Lost org.Foo@abcdef1"),
    "clusters": ("Cluster 1209-021041-abc123xy died", "Cluster 1210-030000-qwertzui died"),
    "masked secrets and addresses": ("Login of [EMAIL#1] failed", "Login of [EMAIL#3] failed"),
    "addresses of people": ("Owner jane.doe@contoso.com has left", "Owner joe99@fabrikam.org has left"),
    "lists of numbers": ("Partitions [1, 2, 3] are offline", "Partitions [4, 7] are offline"),
    "white space": ("Cannot open\nthe  table.", "Cannot open the table."),
}
DIFFERENT = {
    "another table": ("Table sales.orders not found", "Table sales.customers not found"),
    "another table with a digit": ("Table customer2 not found", "Table customer3 not found"),
    "another column": ("Invalid column name 'amount'", "Invalid column name 'price'"),
    "another type": ("Cannot cast int32", "Cannot cast int64"),
    "another host": ("orders-sql.contoso.net timed out after 30 s", "stock-sql.contoso.net timed out after 30 s"),
    "another host in a URL": ("GET https://a.example.com/x timed out", "GET https://b.example.com/x timed out"),
    "another container": (
        "Path does not exist: abfss://raw@lake.dfs.core.windows.net/x",
        "Path does not exist: abfss://curated@lake.dfs.core.windows.net/x",
    ),
    "another folder": ("No such file /mnt/raw/orders/2025/x.csv", "No such file /mnt/raw/stock/2025/x.csv"),
    "another HTTP status": ("Request failed with status code 503", "Request failed with status code 401"),
    "another Oracle code": ("Failed: ORA-00942", "Failed: ORA-01017"),
    "another SQL Server number": ("SqlException: Number=1205", "SqlException: Number=18456"),
    "a month is no decimal": ("Decimal 10 overflows", "Mark 10 overflows"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_failure_of_another_run(one: str, other: str) -> None:
    assert masked(one) == masked(other)
    assert fingerprint(failure(one)) == fingerprint(failure(other)) is not None


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_failure(one: str, other: str) -> None:
    assert fingerprint(failure(one)) != fingerprint(failure(other))


@pytest.mark.parametrize(
    "changes",
    [
        {"error_code": "2200"},
        {"entity": {"factory": "adf-sales", "pipeline": "pl_other", "activity": "Copy"}},
        {"entity": {"factory": "adf-sales", "pipeline": "pl_load", "activity": "Lookup"}},
        {"entity": {"factory": "adf-stock", "pipeline": "pl_load", "activity": "Copy"}},
        {"entity": {"factory": "adf-salespl", "pipeline": "_load", "activity": "Copy"}},
        {"source": "databricks"},
    ],
)
def test_another_step_or_code_is_another_failure(changes: dict[str, Any]) -> None:
    assert fingerprint(failure(**changes)) != fingerprint(failure())


def test_run_ids_times_links_and_logs_do_not_count() -> None:
    other = failure(
        run_id="run-2",
        runs=("run-2",),
        run_key=("adf", "adf-sales", "run-2"),
        occurred_at="2026-01-01T00:00:00Z",
        log="x",
    )
    assert fingerprint(other) == fingerprint(failure())


def databricks(**entity: Any) -> Failure:
    return failure(source="databricks", pipeline="nightly", entity={"workspace_id": "740", **entity})


def test_a_databricks_job_is_known_by_its_id_and_a_submitted_run_by_its_caller() -> None:
    job = {"job_id": "11", "task_key": "load"}
    assert fingerprint(databricks(**job, job_name="a")) == fingerprint(databricks(**job, job_name="renamed"))
    assert fingerprint(databricks(**job)) != fingerprint(databricks(job_id="12", task_key="load"))
    assert fingerprint(databricks(**job)) != fingerprint(databricks(job_id="11", task_key="clean"))
    submitted = [
        databricks(
            run_type="SUBMIT_RUN",
            job_id="991",
            job_name="ADF_adf-sales_pl_load_Clean_3b0f3f0c-55b5-4a4e-8c1c-0b1d7e4f2002",
        ),
        databricks(
            run_type="SUBMIT_RUN",
            job_id="992",
            job_name="ADF_adf-sales_pl_load_Clean_11111111-55b5-4a4e-8c1c-0b1d7e4f2002",
        ),
    ]
    assert fingerprint(submitted[0]) == fingerprint(submitted[1])


def test_a_cluster_of_a_job_is_known_by_its_name_without_the_run() -> None:
    one = databricks(cluster_id="1209-021041-abc123xy", cluster_name="job-11-run-4184-main")
    other = databricks(cluster_id="1210-021041-zzz123xy", cluster_name="job-11-run-4999-main")
    assert fingerprint(one) == fingerprint(other)


def test_an_airflow_task_is_the_same_at_any_map_index_and_try() -> None:
    entity = {"deployment": "https://airflow.example.com", "dag_id": "tides", "task_id": "copy"}
    one = failure(source="airflow", entity={**entity, "map_index": "3", "try_number": 1})
    other = failure(source="airflow", entity={**entity, "map_index": "7", "try_number": 2})
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(failure(source="airflow", entity={**entity, "task_id": "move"}))


def test_an_alert_is_known_by_rule_and_resource() -> None:
    one = failure(source="azure-monitor", entity={"alert_rule": "cpu", "resource_id": "/subscriptions/1/VM"})
    same = failure(source="azure-monitor", entity={"alert_rule": "cpu", "resource_id": "/subscriptions/1/vm"})
    other = failure(source="azure-monitor", entity={"alert_rule": "cpu", "resource_id": "/subscriptions/1/vm2"})
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)


@pytest.mark.parametrize(
    ("changes", "recognisable"),
    [
        ({"message": ""}, False),
        ({"message": " \n"}, False),
        ({"message": "", "error_code": "FAILED"}, False),
        ({"message": "", "error_code": "2200"}, False),  # copy failed, for whatever reason
        ({"message": "", "error_code": "DRIVER_EVICTION", "source": "databricks"}, True),
        ({"message": "", "error_code": "ParquetInvalidFile"}, True),
        ({"message": "it broke", "entity": {}, "pipeline": ""}, False),
    ],
)
def test_what_says_too_little_is_not_recognised(changes: dict[str, Any], recognisable: bool) -> None:
    assert (fingerprint(failure(**changes)) is not None) == recognisable


def test_the_text_of_an_alert_rule_is_no_error() -> None:
    entity = {"factory": "adf-sales", "pipeline": "pl_load", "alert_description": "A pipeline failed"}
    assert fingerprint(failure("A pipeline failed", entity=entity)) is None
    assert (
        fingerprint(failure("task_failure", source="airflow", entity={"dag_id": "d", "reason": "task_failure"})) is None
    )


def test_ids_that_are_longer_do_not_move_the_end_of_a_long_message() -> None:
    rows = [f"row {{0}} of orders has no amount in {word}" for word in ("red", "blue")]
    one = " ".join(row.format("1") for row in rows * 200)
    other = " ".join(row.format("123456789012") for row in rows * 200)
    assert fingerprint(failure(one)) == fingerprint(failure(other))


@given(text=st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_mask_and_one_fingerprint(text: str) -> None:
    assert isinstance(masked(text), str)
    assert fingerprint(failure(text)) == fingerprint(failure(text))


@pytest.mark.parametrize("piece", ["a.b-", "ab://", "?a=", "//a@", "a@", "1 - ", "Mon, ", "[A", "x_1", "0"])
def test_masking_takes_time_in_proportion_to_the_text(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    started = time.process_time()
    masked(text)
    assert time.process_time() - started < 20  # where time grows with the square, this takes minutes


def test_real_payloads_of_two_runs_are_one_failure() -> None:
    path = PAYLOADS / "adf_log_v2_activity_failed.json"
    if not path.is_file():
        pytest.skip(f"no payloads at {PAYLOADS}; RCA_CASES names the folder of the cases")
    body = path.read_text(encoding="utf-8")
    another_run = body.replace("9f6069d6-e522-4608-9f99-21807bfc3c70", "11112222-e522-4608-9f99-21807bfc3c70")
    another_run = another_run.replace("2024-05-14", "2024-05-15").replace("12345678-1234", "87654321-1234")
    another_database = body.replace("'orders'", "'stock'")
    one, two, three = (parse("azure-monitor", text.encode())[0] for text in (body, another_run, another_database))
    assert isinstance(one, Failure) and isinstance(two, Failure) and isinstance(three, Failure)
    assert one.run_key != two.run_key
    assert fingerprint(one) == fingerprint(two) != fingerprint(three)
