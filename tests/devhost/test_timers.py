"""Timer triggers, through the door."""

from __future__ import annotations

import json

import pytest

from tests.devhost.conftest import eventually


def test_fires_on_startup_and_by_its_schedule(start_host):
    source = """
    @app.timer_trigger(arg_name="timer", schedule="%EVERY%", run_on_startup=True)
    def tick(timer: func.TimerRequest) -> None:
        record("tick", timer.past_due, timer.schedule)
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    async def yearly(timer: func.TimerRequest) -> None:
        record("yearly", timer.past_due)
    """
    host = start_host(source, env={"EVERY": "* * * * * *"})
    eventually(lambda: len(host.records) >= 3)
    times = [record[0] for record in host.timed_records]
    assert host.records[0] == ["tick", False, {"Schedule": "* * * * * *"}]
    assert times[2] - times[1] > 0.9
    assert ["yearly", False] not in host.records
    # By hand, with the master key.
    answer = host.client.post("/admin/functions/yearly", headers={"x-functions-key": host.keys["_master"]}, json={})
    assert answer.status_code == 202
    eventually(lambda: ["yearly", False] in host.records)


@pytest.mark.slow
def test_one_timer_never_runs_twice_at_a_time(start_host):
    source = """
    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        record("begin")
        time.sleep(1.4)
        record("end")
    """
    host = start_host(source)
    eventually(lambda: len(host.records) >= 4)
    assert host.records[:4] == [["begin"], ["end"], ["begin"], ["end"]]
    assert host.stop() == 0


def test_failing_timer_goes_on(start_host):
    source = """
    @app.timer_trigger(arg_name="timer", schedule="00:00:01")
    def tick(timer: func.TimerRequest) -> None:
        record("tick")
        raise RuntimeError("as always")
    """
    host = start_host(source)
    eventually(lambda: len(host.records) >= 2)
    assert "invocation failed function=tick" in host.log


def test_time_missed_while_the_host_was_down_is_made_up_for(start_host):
    source = """
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def yearly(timer: func.TimerRequest) -> None:
        record(timer.past_due, timer.schedule_status["Next"])
    """
    host = start_host(source)
    kept = host.data_dir / "timers" / "yearly.json"
    eventually(kept.exists)
    assert host.stop() == 0
    content = json.loads(kept.read_text())
    content["status"]["Next"] = "2020-01-01T00:00:00+00:00"
    kept.write_text(json.dumps(content))
    again = start_host(root=host.root)
    eventually(lambda: again.records == [[True, "2020-01-01T00:00:00+00:00"]])
    assert again.stop() == 0
    assert start_host(root=host.root).records == [[True, "2020-01-01T00:00:00+00:00"]]
