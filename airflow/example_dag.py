"""Shows RcaNotifier at work: of each run one task fails, which gives two tickets, one for the task and one for the run.

Choose one of the two for a DAG of your own: `default_args` for a ticket with the exception for each task that fails,
the DAG's own callback for one ticket a run, whatever failed in it. Put this file beside `rca_notifier.py` in the DAGs
folder, set the connection `rca` as that file says, then: airflow dags unpause rca_example; airflow dags trigger
rca_example.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import DAG, task
except ImportError:
    from airflow import DAG
    from airflow.decorators import task

from rca_notifier import RcaNotifier

with DAG(
    "rca_example",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["rca", "example"],
    default_args={
        "owner": "data-platform",
        "retries": 1,
        "retry_delay": timedelta(seconds=5),
        "on_failure_callback": RcaNotifier(),
    },
    on_failure_callback=RcaNotifier(),
):

    @task
    def extract() -> list[int]:
        """Succeeds, and so reports nothing."""
        return [1, 2, 3]

    @task
    def load(rows: list[int]) -> None:
        """Fails twice; the second time it is reported."""
        raise ConnectionRefusedError(f"[Errno 111] Connection refused: warehouse:5432, {len(rows)} rows not written")

    load(extract())
