"""Airflow 2 and 3: the notifier, flat bodies, whole contexts turned into text, DAG-level callbacks."""

from typing import Any

import pytest

from rca_core.foundation.errors import UnprocessablePayload
from rca_core.sources import Sender
from tests.sources.samples import document, failure, ignored, post

DOOR: Sender = "airflow"
RUN = "scheduled__2026-03-01T02:00:00+00:00"


class TestTheNotifier:
    def test_says_everything(self) -> None:
        found = failure(DOOR, document("airflow_notifier_task_failed"))
        assert found.run_key == (
            "airflow",
            "https://airflow.harbour.example",
            "harbour.tides",
            RUN,
            "load.copy_tides",
            "4",
            "2",
        )
        assert found.pipeline == "harbour.tides/load.copy_tides"
        assert found.title == "Task harbour.tides/load.copy_tides[4] failed (airflow.exceptions.AirflowTaskTimeout)"
        assert found.error_code == "airflow.exceptions.AirflowTaskTimeout"
        assert found.message == "Timeout, PID: 77"
        assert found.log is not None
        assert found.log.startswith("Traceback")
        assert found.occurred_at == "2026-03-01T02:00:09.250Z"
        assert found.labels == {"owner": "harbour-data", "tags": "prod, tides"}
        assert found.entity["hostname"] == "worker-7"
        assert found.entity["pool"] == "tides_pool"
        assert [(link.kind, link.url[:20]) for link in found.links] == [("log", "https://airflow.harb")]

    @pytest.mark.parametrize("event", ["task_succeeded", "dag_succeeded", "task_retry", "task_skipped"])
    def test_other_events_are_no_failure(self, event: str) -> None:
        assert event in ignored(DOOR, {**document("airflow_notifier_task_failed"), "event": event})

    def test_an_unknown_event_is_kept_and_marked(self) -> None:
        assert not failure(DOOR, {**document("airflow_notifier_task_failed"), "event": "sla_missed"}).recognised

    def test_the_failure_of_a_dag_has_no_task(self) -> None:
        found = failure(DOOR, {**document("airflow_notifier_task_failed"), "event": "dag_failed"})
        assert found.run_key[4:] == ("", "", "")
        assert found.pipeline == "harbour.tides"
        assert found.title.startswith("DAG harbour.tides failed")

    @pytest.mark.parametrize("dag_id", [None, "", {}, True, [], "None"])
    def test_without_a_dag_nothing_is_known(self, dag_id: Any) -> None:
        with pytest.raises(UnprocessablePayload) as refused:
            post(DOOR, {**document("airflow_notifier_task_failed"), "dag_id": dag_id})
        assert refused.value.field == "dag_id"


class TestStates:
    @pytest.mark.parametrize(
        "state",
        [
            "success",
            "running",
            "queued",
            "scheduled",
            "up_for_retry",
            "up_for_reschedule",
            "skipped",
            "deferred",
            "SUCCESS",
        ],
    )
    def test_that_are_no_failure(self, state: str) -> None:
        for name in ("airflow_2_flat_callback", "airflow_3_flat_callback"):
            assert state.lower() in ignored(DOOR, {**document(name), "state": state})

    @pytest.mark.parametrize("state", ["failed", "upstream_failed", None, "", {}])
    def test_that_are_one(self, state: Any) -> None:
        assert failure(DOOR, {**document("airflow_2_flat_callback"), "state": state})

    def test_a_retry_that_airflow_makes_by_itself_is_told_from_the_text_form_too(self) -> None:
        body = document("airflow_2_10_context")
        for key in ("ti", "task_instance"):
            body[key] = body[key].replace("[failed]", "[up_for_retry]")
        assert "retry" in ignored(DOOR, body)

    def test_a_text_form_from_before_the_state_was_written_does_not_hide_the_failure(self) -> None:
        body = document("airflow_2_10_context")
        for key in ("ti", "task_instance"):
            body[key] = body[key].replace("[failed]", "[running]")
        assert failure(DOOR, body)
        del body["exception"]
        assert "running" in ignored(DOOR, body)


class TestContextsTurnedIntoText:
    def test_a_mapped_task_of_a_dag_with_dots(self) -> None:
        found = failure(DOOR, document("airflow_mapped_context"))
        assert found.run_key == ("airflow", "", "harbour.tides", RUN, "load.copy_tides", "4", "")
        assert found.entity["operator"] == "PythonOperator"

    @pytest.mark.parametrize(
        "left", [("dag", "task"), ("dag", "task_instance_key_str"), ("task", "task_instance_key_str")]
    )
    def test_any_one_of_three_fields_tells_where_the_dag_id_ends(self, left: tuple[str, str]) -> None:
        body = document("airflow_mapped_context")
        for key in left:
            del body[key]
        found = failure(DOOR, body)
        assert (found.entity["dag_id"], found.entity["task_id"]) == ("harbour.tides", "load.copy_tides")

    def test_the_form_of_airflow_3(self) -> None:
        found = failure(DOOR, document("airflow_3_1_context"))
        assert found.entity["hostname"] == "vm"
        assert found.entity["operator"] == "PythonOperator"
        assert found.entity["state"] == "failed"

    def test_quotes_within_a_value_of_airflow_3(self) -> None:
        body = {"ti": "task_id='it\\'s' dag_id=\"tides\" run_id='r 1' map_index=3 log_url=None state=None"}
        found = failure(DOOR, body)
        assert found.run_key == ("airflow", "", "tides", "r 1", "it's", "3", "")

    def test_a_dag_level_callback_brings_some_task_that_is_not_the_culprit(self) -> None:
        body = document("airflow_dag_level_context")
        found = failure(DOOR, body)
        assert found.run_key == ("airflow", "", "harbour.tides", RUN, "", "", "")
        assert found.message == "task_failure"
        assert "success" in ignored(DOOR, {**body, "reason": "success"})

    def test_only_the_dag_run_is_known(self) -> None:
        body = {"dag_run": document("airflow_dag_level_context")["dag_run"]}
        found = failure(DOOR, body)
        assert (found.entity["dag_id"], found.run_id) == ("harbour.tides", RUN)


class TestBodiesWrittenByHand:
    def test_nested_objects(self) -> None:
        found = failure(DOOR, document("airflow_nested_objects"))
        assert found.run_key == (
            "airflow",
            "",
            "harbour_tides",
            "manual__2026-03-01T05:00:00+00:00",
            "copy_tides",
            "",
            "1",
        )
        assert found.message.startswith("Bash command failed.")
        assert found.labels == {"owner": "harbour-data", "tags": "prod"}
        assert found.links == ()

    @pytest.mark.parametrize(
        ("sent", "kind", "message"),
        [
            ("tide gauge 4 is silent", None, "tide gauge 4 is silent"),
            ("ValueError: no number", "ValueError", "ValueError: no number"),
            ("KeyError('tide')", "KeyError", "KeyError('tide')"),
            (
                "airflow.exceptions.AirflowException: x",
                "airflow.exceptions.AirflowException",
                "airflow.exceptions.AirflowException: x",
            ),
            ("Task: failed", None, "Task: failed"),
            ({"type": "OSError", "message": "disk full", "traceback": "tb"}, "OSError", "disk full"),
            ({"message": "disk full"}, None, "disk full"),
            ({"odd": 1}, None, ""),
            (["a", 1], None, '["a",1]'),
            (7, None, "7"),
            (None, None, ""),
        ],
    )
    def test_the_exception_in_any_form(self, sent: Any, kind: str | None, message: str) -> None:
        found = failure(DOOR, {"dag_id": "d", "task_id": "t", "run_id": "r", "exception": sent})
        assert (found.error_code, found.message) == (kind, message)

    def test_a_traceback_as_the_exception_is_the_log_and_its_last_line_the_message(self) -> None:
        trace = "Traceback (most recent call last):\n  File \"x.py\", line 1, in f\nKeyError: 'tide'"
        found = failure(DOOR, {"dag_id": "d", "run_id": "r", "exception": trace})
        assert (found.message, found.error_code, found.log) == ("KeyError: 'tide'", "KeyError", trace)

    def test_ids_may_be_numbers(self) -> None:
        found = failure(DOOR, {"dag_id": 7, "task_id": 8, "run_id": 9, "try_number": "1", "map_index": "-1"})
        assert found.run_key == ("airflow", "", "7", "9", "8", "", "1")

    def test_a_run_without_id_is_told_by_its_date_else_by_its_content(self) -> None:
        dated = failure(DOOR, {"dag_id": "d", "task_id": "t", "execution_date": "2026-03-01T00:00:00"})
        assert dated.run_id is None
        assert dated.run_key[3] == "2026-03-01T00:00:00"
        one, two = (failure(DOOR, {"dag_id": "d", "task_id": "t", "exception": e}) for e in "ab")
        assert one.run_key != two.run_key


class TestDeployments:
    @pytest.mark.parametrize(
        ("given", "deployment"),
        [
            ({"airflow_base_url": "https://Airflow.example:8443/"}, "https://airflow.example:8443"),
            ({"base_url": "https://astro.example/dep1/"}, "https://astro.example/dep1"),
            ({"deployment": "prod-eu"}, "prod-eu"),
            ({"log_url": "http://airflow.example:8080/dags/d/grid?x=1"}, "http://airflow.example:8080"),
            ({"log_url": "https://astro.example/dep1/dags/d/runs/r"}, "https://astro.example/dep1"),
            ({"log_url": "http://old.example/log?dag_id=d&execution_date=x"}, "http://old.example"),
            ({"log_url": "ftp://x/dags"}, ""),
            ({}, ""),
        ],
    )
    def test_are_told_by_their_address(self, given: dict[str, str], deployment: str) -> None:
        assert failure(DOOR, {"dag_id": "d", "run_id": "r", **given}).run_key[1] == deployment


def test_a_reason_stands_in_for_a_missing_exception() -> None:
    found = failure(
        DOOR, {"dag_id": "d", "task_id": "t", "run_id": "r", "state": "failed", "reason": "killed by the scheduler"}
    )
    assert found.message == "killed by the scheduler"
    assert "success" in ignored(DOOR, {"dag_id": "d", "task_id": "t", "run_id": "r", "state": "success", "reason": "x"})
