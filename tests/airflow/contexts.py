"""Contexts as Airflow 2 and Airflow 3 give them to callbacks, with the attributes that each has."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

STARTED = datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC)
LOGICAL = datetime(2026, 3, 1, 2, tzinfo=UTC)

Context = dict[str, Any]


def raised(error: BaseException) -> BaseException:
    """`error` with the traceback that raising it gives."""
    try:
        raise error
    except type(error) as caught:
        return caught


def airflow2(error: Any = None, **given: Any) -> Context:
    """Of a task in Airflow 2, whose task instance is a row of the database."""
    dag = SimpleNamespace(dag_id=f"tides-{uuid4().hex[:8]}", tags=["tides", "prod"], owner="harbour-data")
    task = SimpleNamespace(task_id="load.copy", owner="harbour-data", task_type="PythonOperator", dag=dag)
    instance = SimpleNamespace(
        dag_id=dag.dag_id,
        task_id=task.task_id,
        run_id="scheduled__2026-03-01T02:00:00+00:00",
        map_index=-1,
        try_number=2,
        max_tries=1,
        start_date=STARTED,
        end_date=STARTED + timedelta(seconds=3.75),
        duration=3.75,
        operator="PythonOperator",
        hostname="worker-7",
        queue="default",
        pool="default_pool",
        log_url=f"https://airflow.example.com/log?dag_id={dag.dag_id}",
        task=task,
    )
    vars(instance).update(given)
    run = SimpleNamespace(dag_id=dag.dag_id, run_id=instance.run_id, logical_date=LOGICAL, conf={"password": "conf-7"})
    return {
        "dag": dag,
        "dag_run": run,
        "task": task,
        "task_instance": instance,
        "ti": instance,
        "run_id": instance.run_id,
        "logical_date": LOGICAL,
        "params": {"token": "params-7"},
        "exception": error,
    }


def airflow3(error: Any = None, **given: Any) -> Context:
    """Of a task in Airflow 3, whose task instance knows neither operator nor host, nor when it ended."""
    context = airflow2(error, **given)
    instance = context["ti"]
    for unknown in ("operator", "hostname", "queue", "pool", "duration"):
        delattr(instance, unknown)
    instance.end_date = None
    instance.log_url = (
        f"https://airflow.example.com/dags/{instance.dag_id}/runs/x/tasks/{instance.task_id}?try_number=2"
    )
    return context


def of_dag(reason: str = "task_failure") -> Context:
    """Of a DAG, in Airflow 2 and 3: it brings a task instance that succeeded."""
    context = airflow2(task_id="start")
    del context["exception"]
    return {**context, "reason": reason}


def of_dag_alone(reason: str = "task_failure") -> Context:
    """Of a DAG in Airflow 3 whose server told no more."""
    return {key: value for key, value in of_dag(reason).items() if key in ("dag", "run_id", "reason")}


BOTH: dict[str, Callable[..., Context]] = {"Airflow 2": airflow2, "Airflow 3": airflow3}
