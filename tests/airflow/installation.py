"""A real Airflow in a home of its own: the processes that a deployment has, on SQLite, and our notifier as a plugin."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Self

import httpx

from tests.support.app import free_port, wait_for
from tests.support.environments import ROOT, Environment

COMPONENTS = {
    2: ("scheduler", "triggerer"),
    3: ("api-server", "scheduler", "dag-processor", "triggerer"),
}


class Airflow:
    """Airflow of a major `version` that reports to `url` with `key`; `home` holds its database, logs and DAGs."""

    def __init__(self, version: int, python: Path, home: Path, url: str, key: str) -> None:
        self.version = version
        self.home = home
        self.page = f"http://127.0.0.1:{free_port()}"
        self._command = [str(python), "-m", "airflow"]
        self._environment = self._settings(key)
        self._connection = ("--conn-type", "http", "--conn-host", url, "--conn-password", key)
        self._processes: list[subprocess.Popen[bytes]] = []

    def _settings(self, key: str) -> dict[str, str]:
        port = self.page.rpartition(":")[2]
        down = {"conn_type": "http", "host": f"http://127.0.0.1:{free_port()}", "password": key}
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))},
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONN_RCA_DOWN": json.dumps(down),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            # Airflow 2 wants the sequential executor with SQLite; that starts Python anew for each task.
            "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
            "AIRFLOW__CORE__PARALLELISM": "2" if self.version == 2 else "4",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.page}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__WEBSERVER__BASE_URL" if self.version == 2 else "AIRFLOW__API__BASE_URL": self.page,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__WORKERS": "1",
            # Its first answers take long where the machine is busy, and a task that gets none fails.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__API_AUTH__JWT_SECRET": "check-" * 12,
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    def __enter__(self) -> Self:
        dags, plugins = self.home / "dags", self.home / "plugins"
        plugins.mkdir(parents=True)
        shutil.copytree(Path(__file__).with_name("dags"), dags)
        shutil.copy(ROOT / "airflow" / "example_dag.py", dags)
        shutil.copy(ROOT / "airflow" / "rca_notifier.py", plugins)
        self.run("db", "migrate")
        self.run("connections", "add", "rca", *self._connection)
        with contextlib.ExitStack() as unless_all_start:
            unless_all_start.callback(self.stop)
            for component in COMPONENTS[self.version]:
                self._start(component)
                if component == "api-server":
                    # Tasks that find no server fail before they begin.
                    wait_for(self._serves, "Airflow's API server", 180, every=0.5)
            unless_all_start.pop_all()
        return self

    def _start(self, component: str) -> None:
        with (self.home / f"{component}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [*self._command, component],
                    cwd=self.home,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _serves(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.page}/execution/health", timeout=60).status_code == 200
        return False

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends its processes, politely at first."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            for process in self._processes:
                # Its children too, which stay when it is killed.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
            for process in self._processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(15)

    def run(self, *words: str) -> str:
        """The output of a command of Airflow's that must succeed."""
        done = subprocess.run(
            [*self._command, *words], cwd=self.home, env=self._environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"airflow {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        """What a query of Airflow's database gives."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=10)
        ) as database:
            return database.execute(query, values).fetchall()

    def logs(self) -> dict[str, str]:
        """Every log that Airflow wrote, by its path in the home."""
        files = (file for file in self.home.rglob("*.log") if file.is_file())
        return {str(file.relative_to(self.home)): file.read_text(errors="replace") for file in files}

    def logs_of(self, dag_id: str, task_id: str) -> str:
        """The logs of a task, all tries."""
        return "\n".join(
            text for name, text in self.logs().items() if f"dag_id={dag_id}/" in name and f"task_id={task_id}/" in name
        )


def environment(version: int) -> Environment:
    """The packages of Airflow 2 or 3."""
    pythons = {2: ("3.12", "3.11"), 3: ("3.12", "3.13", "3.11")}
    requirements = Path(__file__).with_name(f"requirements-airflow{version}.txt")
    return Environment(f".venv-airflow{version}", pythons[version], (requirements,))
