"""What is left of a log says why it failed, stands in the log as it is quoted, and fits."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rca_core.diagnosis.cutting import cut, cut_all, tokens_of
from rca_core.diagnosis.documents import Document, Excerpt

HEARTBEAT = (
    "[2026-11-23T02:{m:02}:{s:02}.102+0000] {{local_task_job_runner.py:{n}}} INFO - Heartbeat, worker-{name} is fine"
)
AIRFLOW_FAILURE = """\
[2026-11-23T02:14:33.102+0000] {taskinstance.py:2890} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/home/airflow/.local/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line 145, in __init__
    self._dbapi_connection = engine.raw_connection()
                             ^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/airflow/.local/lib/python3.11/site-packages/psycopg2/__init__.py", line 122, in connect
    conn = _connect(dsn, connection_factory=connection_factory, **kwasync)
psycopg2.OperationalError: connection to server at "pg-dwh" (10.4.1.7), port 5432 failed: Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/airflow/dags/orders.py", line 58, in load
    engine.connect()
  File "/home/airflow/.local/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line 3280, in connect
    return self._connection_cls(self)
sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) the warehouse cannot be reached
[2026-11-23T02:14:33.350+0000] {taskinstance.py:1206} INFO - Marking task as FAILED. dag_id=orders, task_id=load
[2026-11-23T02:14:33.361+0000] {local_task_job_runner.py:243} INFO - Task exited with return code 1"""
PSYCOPG = 'psycopg2.OperationalError: connection to server at "pg-dwh" (10.4.1.7), port 5432 failed: Connection refused'
SPARK_FAILURE = (
    "26/11/23 02:30:11 ERROR FileFormatWriter: Aborting job 4f1.\n"
    "org.apache.spark.SparkException: Job aborted due to stage failure: Task 17 in stage 42.0 failed 4 times\n"
    + "".join(
        f"\tat org.apache.spark.scheduler.DAGScheduler.step{name}(DAGScheduler.scala:28)\n" for name in "abcdefgh" * 5
    )
    + "Caused by: org.apache.spark.SparkException: Error while reading file abfss://raw@lake/orders/part-7.parquet\n"
    + "".join(f"\tat org.apache.spark.sql.errors.Query{name}.fail(Query.scala:77)\n" for name in "abcdefgh" * 5)
    + "Caused by: java.io.FileNotFoundException: Operation failed: The specified path does not exist., 404, HEAD\n"
    + "".join(f"\tat org.apache.hadoop.fs.azurebfs.Abfs{name}.check(Abfs.java:15)\n" for name in "abcdefgh" * 5)
)
FILE_NOT_FOUND = (
    "Caused by: java.io.FileNotFoundException: Operation failed: The specified path does not exist., 404, HEAD"
)


def document(text: str, *, id: str = "D1", of_failing_step: bool = True) -> Document:
    return Document(id=id, kind="log", text=text, archived="a.log", of_failing_step=of_failing_step)


def words(number: int) -> str:
    """A word for each number, so that lines differ in more than digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def heartbeats(count: int) -> str:
    return "\n".join(HEARTBEAT.format(m=n // 60 % 60, s=n % 60, n=n, name=words(n)) for n in range(count))


def texts(excerpt: Excerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


def assert_stands_in_its_document(excerpt: Excerpt) -> None:
    lines = excerpt.document.text.split("\n")
    numbers = [line.number for line in excerpt.lines]
    assert numbers == sorted(set(numbers))
    assert all(line.text in lines[line.number - 1] for line in excerpt.lines)


def test_a_short_document_is_returned_whole() -> None:
    excerpt = cut(document(AIRFLOW_FAILURE + "\n"), 2000)
    assert texts(excerpt) == [*AIRFLOW_FAILURE.split("\n"), ""]
    assert [line.number for line in excerpt.lines] == list(range(1, excerpt.total_lines + 1))


def test_a_document_without_text_has_no_lines() -> None:
    assert cut(document(""), 100).lines == ()
    assert cut(document("ERROR: disk full"), 0).lines == ()


def test_of_an_airflow_log_the_traceback_and_the_end_remain() -> None:
    log = heartbeats(3000) + "\n" + AIRFLOW_FAILURE
    excerpt = cut(document(log), 1200)
    assert_stands_in_its_document(excerpt)
    assert tokens_of(excerpt.lines) <= 1200
    left = texts(excerpt)
    assert PSYCOPG in left
    assert "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) the warehouse cannot be reached" in left
    assert '  File "/opt/airflow/dags/orders.py", line 58, in load' in left
    assert left[-1].endswith("INFO - Task exited with return code 1")


def test_with_little_room_the_exception_that_python_wraps_comes_first() -> None:
    noise = "\n".join(f"[2026-11-23] INFO - step {words(n)} of the clean-up is done" for n in range(40))
    excerpt = cut(document(heartbeats(3000) + "\n" + AIRFLOW_FAILURE + "\n" + noise), 130)
    assert tokens_of(excerpt.lines) <= 130
    assert PSYCOPG in texts(excerpt)


def test_of_a_long_chain_it_is_the_first_exception_that_remains() -> None:
    mark = "\nDuring handling of the above exception, another exception occurred:\n\n"
    chain = [
        f'Traceback (most recent call last):\n  File "{name}.py", line 1, in f\n    g()\n{name}Error: no\n'
        for name in "ABC"
    ]
    excerpt = cut(document(heartbeats(500) + "\nINFO - failed over\n" + mark.join(chain) + heartbeats(500)), 25)
    assert "AError: no" in texts(excerpt)
    assert "BError: no" not in texts(excerpt)


def test_a_traceback_counts_although_a_warning_stands_before_it() -> None:
    log = (
        "ERROR Metrics: the gauge could not be read\n"
        + heartbeats(300)
        + "\nWARN Loader: config not found, defaults are used\nTraceback (most recent call last):\n"
        + '  File "a.py", line 1, in f\n    g()\nValueError: no such tenant\n'
        + heartbeats(300)
    )
    left = texts(cut(document(log), 25))
    assert "ValueError: no such tenant" in left
    assert not any("gauge" in line for line in left)


def test_warnings_that_speak_of_errors_do_not_push_out_the_innermost_cause() -> None:
    def warnings(first: int) -> str:
        return "".join(
            f"26/11/23 02:30:01 WARN TransportChannel: Exception in connection {words(n)} closed, error ignored\n"
            f"java.net.SocketTimeoutException: Read timed out by {words(n)}\n"
            f"\tat java.net.Socket.read{words(n)}(Socket.java:9)\n"
            f"26/11/23 02:30:01 INFO Metrics: error count of source {words(n)} is unknown, failed to report\n"
            for n in range(first, first + 300)
        )

    log = warnings(1000) + SPARK_FAILURE + warnings(5000)
    excerpt = cut(document(log), 800)
    assert_stands_in_its_document(excerpt)
    assert tokens_of(excerpt.lines) <= 800
    assert FILE_NOT_FOUND in texts(excerpt)
    number = log.split("\n").index(FILE_NOT_FOUND) + 1
    assert number in [line.number for line in excerpt.lines]
    # The wrappers follow, while there is room.
    assert any("Error while reading file" in line for line in texts(excerpt))
    assert any("ERROR FileFormatWriter" in line for line in texts(cut(document(log), 3000)))


def test_with_little_room_it_is_the_last_of_several_failures() -> None:
    attempts = [
        f"ERROR - attempt\nValueError: {name} is not a date\n{heartbeats(200)}\n" for name in ("tic", "tac", "toe")
    ]
    excerpt = cut(document("".join(attempts)), 25)
    assert texts(excerpt) == ["ValueError: toe is not a date"]


def test_of_repeated_lines_one_remains_and_leaves_room_for_the_one_that_differs() -> None:
    repeated = [
        f"26/11/23 02:10:{n % 60:02} ERROR Writer: batch {n} could not be written, retrying" for n in range(10_000)
    ]
    root = "26/11/23 02:10:07 ERROR DiskStore: No space left on device /local_disk0"
    log = "\n".join([*repeated[:5000], root, *repeated[5000:]])
    excerpt = cut(document(log), 200)
    assert texts(excerpt) == [root, repeated[-1]]
    assert [line.number for line in excerpt.lines] == [5001, 10_001]


def test_the_end_remains_of_a_log_that_names_no_failure() -> None:
    log = heartbeats(5000)
    excerpt = cut(document(log), 500)
    numbers = [line.number for line in excerpt.lines]
    assert numbers == list(range(5001 - len(numbers), 5001))
    assert len(numbers) > 10
    assert tokens_of(excerpt.lines) <= 500


def test_a_long_line_is_cut_to_what_stands_around_its_cause() -> None:
    trace = "SparkException: Job aborted.\n\tat x.y.Z\nCaused by: java.lang.OutOfMemoryError: Java heap space\n\tat y"
    record = {
        "level": "ERROR",
        "fields": [f"column {words(n)}" for n in range(4000)],
        "trace": trace,
        "settings": {f"spark.{words(n)}": "true" for n in range(4000)},
    }
    line = json.dumps(record)
    assert len(line) > 100_000
    log = f"INFO start\n{line}\nINFO stop"
    excerpt = cut(document(log), 500)
    assert_stands_in_its_document(excerpt)
    assert tokens_of(excerpt.lines) <= 500
    piece = next(line.text for line in excerpt.lines if line.number == 2)
    assert "Caused by: java.lang.OutOfMemoryError: Java heap space" in piece


def test_of_a_text_of_one_endless_line_the_piece_with_the_failure_remains() -> None:
    text = "the task wrote 12 rows and went on " * 20_000 + "KeyError: 'order_id' " + "and so on " * 20_000
    excerpt = cut(document(text), 300)
    assert_stands_in_its_document(excerpt)
    assert len(excerpt.lines) == 1
    assert "KeyError: 'order_id'" in excerpt.lines[0].text
    assert tokens_of(excerpt.lines) <= 300


def test_of_an_endless_line_without_a_failure_the_end_remains() -> None:
    excerpt = cut(document("the task wrote rows and went on " * 20_000 + "last words"), 100)
    assert excerpt.lines[0].text.endswith("last words")


def test_lines_may_end_with_carriage_returns() -> None:
    log = "\r\n".join([*heartbeats(500).split("\n"), "ValueError: no such column", "bye", ""])
    excerpt = cut(document(log), 300)
    assert_stands_in_its_document(excerpt)
    assert "ValueError: no such column\r" in texts(excerpt)


# Several documents ----------------------------------------------------------------------------------------------------


def test_documents_share_the_room_and_those_of_the_failing_step_come_first() -> None:
    cluster = document(heartbeats(4000), id="D1", of_failing_step=False)
    report = document("Workload failed, see run output for details", id="D2")
    log = document(heartbeats(3000) + "\n" + AIRFLOW_FAILURE, id="D3")
    excerpts = cut_all([cluster, report, log], 1500)
    assert [excerpt.document.id for excerpt in excerpts] == ["D2", "D3", "D1"]
    assert sum(tokens_of(excerpt.lines) for excerpt in excerpts) <= 1500
    assert texts(excerpts[0]) == [report.text]
    assert PSYCOPG in texts(excerpts[1])
    assert excerpts[2].lines


def test_documents_that_fit_together_are_returned_whole() -> None:
    documents = [document(AIRFLOW_FAILURE, id=f"D{n}", of_failing_step=n != 2) for n in range(1, 4)]
    assert all(len(excerpt.lines) == excerpt.total_lines for excerpt in cut_all(documents, 2500))
    assert cut_all([], 100) == ()


# Every text -----------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "\n",
        "ERROR",
        "INFO ",
        "WARN ",
        "Caused by: ",
        "java.lang.Error: x",
        "\tat a.b.C(D.java:1)\n",
        '  File "a.py", line 1, in f\n    x = 1\n',
        "Traceback (most recent call last):\n",
        "During handling of the above exception, another exception occurred:\n",
        "failed ",
        "word " * 30,
        "é",
        "\u2028",
        "\r",
        "\ud800",
        "0123",
        "[PASSWORD#1]",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=60).map("".join), st.integers(-1, 300))
@settings(max_examples=200, deadline=None)
def test_every_line_stands_in_the_document_and_all_fit(text: str, tokens: int) -> None:
    excerpt = cut(document(text), tokens)
    assert_stands_in_its_document(excerpt)
    assert tokens_of(excerpt.lines) <= max(0, tokens)
    assert excerpt == cut(document(text), tokens)


@given(st.lists(st.tuples(st.lists(PIECES, max_size=30).map("".join), st.booleans()), max_size=5), st.integers(0, 400))
@settings(max_examples=100, deadline=None)
def test_all_excerpts_together_fit(parts: list[tuple[str, bool]], tokens: int) -> None:
    documents = [document(text, id=f"D{n}", of_failing_step=step) for n, (text, step) in enumerate(parts)]
    excerpts = cut_all(documents, tokens)
    assert sum(tokens_of(excerpt.lines) for excerpt in excerpts) <= tokens
    assert {excerpt.document.id for excerpt in excerpts} == {one.id for one in documents}


@pytest.mark.parametrize(
    "unit",
    [
        HEARTBEAT + "\n",
        "a",
        "(",
        "\n",
        "Caused by: ",
        "error ",
        "error\n",
        "Caused by: a.b.Error: x\n",
        "\tat a.b.C(D.java:1)\n",
        "above exception was the direct cause of the following\n",
        "x \u00e9\n",
    ],
)
def test_cutting_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = document(unit * (size // len(unit)))
        begun = time.perf_counter()
        cut(text, 2000)
        return time.perf_counter() - begun

    seconds(50_000)
    small = min(seconds(50_000) for _ in range(3))
    assert seconds(400_000) < 20 * small + 0.1
