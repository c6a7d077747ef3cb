"""DAGs for the check with a real Airflow, 2 or 3: each runs once, by itself, and its tasks fail in different ways."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta, timezone
from typing import Any

try:
    from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
    from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task

    IS_AIRFLOW_3 = True
except ImportError:
    from airflow import DAG
    from airflow.decorators import task
    from airflow.models.baseoperator import BaseOperator
    from airflow.sensors.base import BaseSensorOperator
    from airflow.triggers.temporal import TimeDeltaTrigger

    IS_AIRFLOW_3 = False

from rca_notifier import RcaNotifier

ONCE: dict[str, Any] = {
    "schedule": "@once",
    "start_date": datetime(2024, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
}


class Never(BaseSensorOperator):
    """Waits for what does not come."""

    def poke(self, context: Any) -> bool:
        return False


class Deferred(BaseOperator):
    """Waits in the triggerer, then fails."""

    def execute(self, context: Any) -> None:
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=5)), method_name="resume")

    def resume(self, context: Any, event: Any = None) -> None:
        raise PermissionError("403 Forbidden: AuthorizationPermissionMismatch on abfss://lake/orders")


with DAG(
    "check_tasks",
    **ONCE,
    tags=["check", "prod"],
    params={"note": "not-to-be-sent"},
    default_args={"owner": "harbour-data", "on_failure_callback": RcaNotifier()},
):

    @task
    def plain() -> None:
        raise ConnectionRefusedError("[Errno 111] Connection refused: warehouse:5432")

    @task
    def mapped(part: int) -> None:
        if part == 1:
            raise KeyError("tide")

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def tried_again() -> None:
        raise TimeoutError("read timed out")

    @task(retries=1, retry_delay=timedelta(seconds=1), on_retry_callback=RcaNotifier())
    def each_try() -> None:
        raise TimeoutError("read timed out")

    @task
    def fine() -> None:
        return None

    plain()
    mapped.expand(part=[0, 1, 2])
    tried_again()
    each_try()
    fine()
    Never(task_id="sensor", timeout=2, poke_interval=1)
    Deferred(task_id="deferred")

with DAG("check_run", **ONCE, default_args={"owner": "harbour-data"}, on_failure_callback=RcaNotifier()):

    @task
    def first() -> None:
        return None

    @task
    def second() -> None:
        raise ValueError("no such column: tide")

    first() >> second()

with DAG(
    "check_killed",
    **ONCE,
    default_args={"on_failure_callback": RcaNotifier()},
    on_failure_callback=RcaNotifier(),
):

    @task
    def killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    killed()

# The connection names a server that is not there; the key is a real one's.
with DAG("check_down", **ONCE, default_args={"on_failure_callback": RcaNotifier(conn_id="rca_down")}):

    @task
    def unheard() -> None:
        raise ValueError("nobody hears of this")

    unheard()

if IS_AIRFLOW_3:
    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference

    with DAG(
        "check_deadline",
        **ONCE,
        deadline=DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(seconds=1),
            callback=AsyncCallback(RcaNotifier),
        ),
    ):

        @task
        def slow() -> None:
            import time

            time.sleep(8)

        slow()
