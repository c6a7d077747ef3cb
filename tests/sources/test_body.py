"""What is read at all: encodings, malformed JSON, lists, sizes."""

import contextlib
import json
import time

import pytest

from rca_core.foundation.errors import MalformedRequest, PayloadTooLarge, UnprocessablePayload
from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import Sender, parse
from tests.sources.samples import failure, post

SENDERS: tuple[Sender, ...] = ("azure-monitor", "databricks", "airflow")
VALID = {
    "azure-monitor": {"schema": "rca.adf/1", "pipeline": "pl_tides", "run_id": "r-1", "message": "disk full"},
    "databricks": {"event_type": "jobs.on_failure", "run": {"run_id": 1}, "job": {"name": "tides"}},
    "airflow": {"dag_id": "tides", "task_id": "load", "run_id": "r-1", "state": "failed"},
}


@pytest.mark.parametrize("sender", SENDERS)
class TestWhatIsNoJson:
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "empty"),
            (b" \r\n\t", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b'{"dag_id":', "not JSON"),
            (b'{"dag_id":}', "byte 10"),
            (b"dag_id=x", "not JSON"),
            (b'{"dag_id": "\xff"}', "invalid byte at offset 12"),
            ('{"dag_id": "x"}'.encode("utf-16"), "invalid byte at offset 0"),
            (b"[" * 200_000, "nested deeper"),
            (b"[" * 300 + b"]" * 300, "nested deeper"),
            (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper"),
            (b"[NaN," * 100_000, "nested deeper"),
            (b"1e999", "not JSON"),
        ],
    )
    def test_is_malformed_and_says_where(self, sender: Sender, body: bytes, says: str) -> None:
        with pytest.raises(MalformedRequest) as refused:
            parse(sender, body)
        assert says in refused.value.detail

    @pytest.mark.parametrize(
        "body", [b"[]", b'"s"', b"null", b"1", b"true", b"{}", b'{"data":null}', b'{"test":1}', b"[1,2]", b"[{}]"]
    )
    def test_json_that_is_no_event_is_unprocessable_and_names_a_field(self, sender: Sender, body: bytes) -> None:
        with pytest.raises(UnprocessablePayload) as refused:
            parse(sender, body)
        assert refused.value.field
        assert refused.value.detail

    def test_a_byte_order_mark_is_no_obstacle(self, sender: Sender) -> None:
        body = json.dumps(VALID[sender]).encode()
        assert parse(sender, b"\xef\xbb\xbf" + body) == parse(sender, body)

    def test_another_senders_event_is_not_taken_for_its_own(self, sender: Sender) -> None:
        for other in SENDERS:
            if other != sender:
                with pytest.raises(UnprocessablePayload):
                    post(sender, VALID[other])


class TestWhatPythonCallsJson:
    """json.dumps writes NaN, Infinity and lone surrogates; a callback's body with them still reports a failure."""

    def test_not_a_number_becomes_null(self) -> None:
        (found,) = parse(
            "airflow", b'{"dag_id": "tides", "run_id": "r", "duration": NaN, "params": [Infinity, -Infinity]}'
        )
        assert isinstance(found, Failure)
        assert "duration" not in found.entity

    def test_a_lone_surrogate_of_an_unreadable_file_name_is_replaced(self) -> None:
        body = json.dumps({"dag_id": "tides", "run_id": "r", "exception": "no such file: t\udcffde.csv"}).encode()
        (found,) = parse("airflow", body)
        assert isinstance(found, Failure)
        assert found.message == "no such file: t?de.csv"

    def test_of_two_equal_keys_the_last_counts(self) -> None:
        (found,) = parse("airflow", b'{"dag_id": "a", "dag_id": "b", "run_id": "r"}')
        assert isinstance(found, Failure)
        assert found.run_key[2] == "b"

    def test_numbers_of_any_size_are_ids(self) -> None:
        found = failure(
            "databricks", {"event_type": "jobs.on_failure", "run": {"run_id": 10**40}, "job": {"job_id": 7.0}}
        )
        assert found.run_id == str(10**40)
        assert found.entity["job_id"] == "7"


@pytest.mark.parametrize("sender", SENDERS)
class TestLists:
    def test_every_element_is_an_event(self, sender: Sender) -> None:
        other = json.loads(json.dumps(VALID[sender]).replace('"r-1"', '"r-2"').replace('"run_id": 1', '"run_id": 2'))
        assert len(post(sender, [VALID[sender], other])) == 2

    def test_the_same_event_twice_is_one(self, sender: Sender) -> None:
        assert len(post(sender, [VALID[sender], VALID[sender]])) == 1

    def test_an_element_that_nobody_understands_never_costs_its_sibling(self, sender: Sender) -> None:
        found, problem, number = post(sender, [VALID[sender], {"hello": 1}, 5])
        assert isinstance(found, Failure)
        assert isinstance(problem, Ignored)
        assert isinstance(number, Ignored)
        assert problem.reason.startswith("[1].")
        assert number.reason.startswith("[2] could not be understood")

    def test_with_no_valid_element_the_first_problem_is_named(self, sender: Sender) -> None:
        with pytest.raises(UnprocessablePayload) as refused:
            post(sender, [{"hello": 1}, {}])
        assert refused.value.field is not None
        assert refused.value.field.startswith("[0].")

    def test_more_than_a_thousand_events_are_refused(self, sender: Sender) -> None:
        with pytest.raises(PayloadTooLarge, match="1000"):
            post(sender, [VALID[sender]] * 1_001)


def test_more_than_a_thousand_rows_are_refused_and_the_limit_is_named() -> None:
    def alert(count: int) -> dict[str, object]:
        table = {
            "columns": [{"name": "PipelineName"}, {"name": "RunId"}],
            "rows": [["p", str(i)] for i in range(count)],
        }
        return {"AlertRuleName": "r", "SearchResult": {"tables": [table]}}

    assert len(post("azure-monitor", alert(1_000))) == 1_000
    with pytest.raises(PayloadTooLarge, match="1000"):
        post("azure-monitor", alert(1_001))


def _alert(context: object, **essentials: object) -> dict[str, object]:
    named = {"alertId": "a", "alertRule": "r", **essentials}
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": named, "alertContext": context}}


def _table(columns: list[str], rows: list[list[object]]) -> dict[str, object]:
    return {"SearchResults": {"tables": [{"columns": [{"name": name} for name in columns], "rows": rows}]}}


HOSTILE: dict[str, tuple[Sender, object]] = {
    "many numbers": ("azure-monitor", list(range(140_000))),
    "many keys": ("azure-monitor", {f"key {i}": i for i in range(55_000)}),
    "many rows": ("azure-monitor", _alert(_table(["PipelineName", "RunId"], [["p", i] for i in range(60_000)]))),
    "heavy description": (
        "azure-monitor",
        _alert(
            _table(["PipelineName", "RunId"], [["p", i] for i in range(990)]),
            description=" " + "d" * 400_000,
            alertTargetIDs=["/x"] * 40_000,
        ),
    ),
    "many criteria": (
        "azure-monitor",
        _alert(
            {
                "condition": {
                    "allOf": [{"metricName": "m", "dimensions": [{"name": "n", "value": i}]} for i in range(15_000)]
                }
            }
        ),
    ),
    "wide and empty tables": ("azure-monitor", _alert(_table([f"c{i}" for i in range(25_000)], [[]] * 100_000))),
    "many tasks": (
        "databricks",
        {"run_id": 1, "state": {}, "tasks": [{"task_key": "t", "state": {"result_state": "FAILED"}}] * 18_000},
    ),
    "JSON within text": (
        "databricks",
        {"event_type": "jobs.on_failure", "run": json.dumps({"run_id": 1, "tasks": [{"state": '{"a":1}'}] * 20_000})},
    ),
    "dots": ("airflow", {"task_instance_key_str": "a__b", "ti": "<TaskInstance: " + "a." * 400_000 + " r [failed]>"}),
    "quotes": ("airflow", {"dag_id": "d", "ti": "task_id='" + "\\'" * 250_000}),
    "brackets": ("airflow", {"dag_id": "d", "exception": "{" * 900_000}),
    "dotted exception": ("airflow", {"dag_id": "d", "exception": "A." * 450_000}),
    "traceback": ("airflow", {"dag_id": "d", "exception": "Traceback (most recent call last)" + "\n x" * 200_000}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_body_of_a_mebibyte_is_read_in_well_under_a_second(case: str) -> None:
    sender, body = HOSTILE[case]
    encoded = json.dumps(body).encode()
    assert len(encoded) > 400_000
    started = time.process_time()
    with contextlib.suppress(UnprocessablePayload, PayloadTooLarge):
        parse(sender, encoded)
    assert time.process_time() - started < 0.8


def test_a_name_without_end_is_cut_and_a_message_is_not() -> None:
    found = failure("airflow", {"dag_id": "d" * 5_000, "run_id": "r\n\x00x", "exception": "e" * 200_000})
    assert len(found.title) <= 200
    assert len(found.entity["dag_id"]) <= 1_000
    assert all(len(part) <= 512 for part in found.run_key)
    assert found.run_id == "r x"
    assert len(found.message) == 200_000
