"""Timer triggers, through the door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.devhost.conftest import RunningHost, eventually

APP = """
@app.timer_trigger(arg_name="timer", schedule="%EVERY%", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    record("tick", timer.past_due, timer.schedule)
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
async def yearly(timer: func.TimerRequest) -> None:
    record("yearly", timer.past_due)
@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def long(timer: func.TimerRequest) -> None:
    record("long", "begin")
    time.sleep(1.1)
    record("long", "end")
@app.timer_trigger(arg_name="timer", schedule="00:00:01")
def failing(timer: func.TimerRequest) -> None:
    record("failing")
    raise RuntimeError("as always")
"""


@pytest.fixture(scope="module")
def host(start_shared_host) -> RunningHost:
    return start_shared_host(APP, env={"EVERY": "* * * * * *"})


def fired(host: RunningHost, name: str) -> list[list[Any]]:
    """What the function of that name recorded."""
    return [record[1:] for record in host.records if record[0] == name]


def test_fires_on_startup_and_by_its_schedule(host):
    eventually(lambda: len(fired(host, "tick")) >= 3)
    times = [record[0] for record in host.timed_records if record[1] == "tick"]
    assert fired(host, "tick")[0] == [False, {"Schedule": "* * * * * *"}]
    assert times[2] - times[1] > 0.9
    assert fired(host, "yearly") == []
    # By hand, with the master key.
    answer = host.client.post("/admin/functions/yearly", headers={"x-functions-key": host.keys["_master"]}, json={})
    assert answer.status_code == 202
    eventually(lambda: fired(host, "yearly") == [[False]])


def test_failing_timer_goes_on(host):
    eventually(lambda: len(fired(host, "failing")) >= 2)
    assert "invocation failed function=failing" in host.log


def test_one_timer_never_runs_twice_at_a_time(host):
    eventually(lambda: len(fired(host, "long")) >= 3)
    assert fired(host, "long")[:3] == [["begin"], ["end"], ["begin"]]
    assert host.stop() == 0


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
