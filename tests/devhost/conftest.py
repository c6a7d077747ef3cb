"""Runs sample apps under `python -m devhost`, as a user does, against a real Azurite."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.queue import QueueClient

from devhost.azurite import Azurite
from tests.devhost import forked

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE = 20.0

# What every sample app starts with. `record` is how a function tells the test what it saw.
HEAD = """
import json, os, threading, time, typing
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

def record(*what):
    with open(os.environ["RECORD"], "a") as file:
        file.write(json.dumps([time.time(), *what]) + "\\n")
"""


def eventually(look: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """Look again and again until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.02)
    return answer


class RunningHost:
    """A `python -m devhost` process."""

    def __init__(self, root: Path, env: dict[str, str], arguments: list[str], data_dir: Path | None) -> None:
        self.root = root
        self.record_file = root / "record.jsonl"
        self.log_file = root / "host.log"
        self.data_dir = data_dir or root / ".devhost"
        if data_dir is not None:
            arguments = [*arguments, "--data-dir", str(data_dir)]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "devhost", "--root", str(root), "--port", "0", *arguments],
                env={**os.environ, "RECORD": str(self.record_file), **env},
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("devhost: ready on "):
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            pytest.fail(f"the host did not start: {line}{self.log}")
        self.ready_line = line.strip()
        self.url = line.split()[3]
        self.keys = json.loads((self.data_dir / "keys.json").read_text())
        self.client = httpx.Client(base_url=self.url, timeout=DEADLINE)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def records(self) -> list[list[Any]]:
        """What the functions recorded, without the times."""
        return [entry[1:] for entry in self.timed_records]

    @property
    def timed_records(self) -> list[list[Any]]:
        if not self.record_file.exists():
            return []
        return [json.loads(line) for line in self.record_file.read_text().splitlines()]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call with the host key."""
        headers = {"x-functions-key": self.keys["default"], **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the process and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(DEADLINE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.client.close()
            if self.process.stdout is not None:
                self.process.stdout.close()
        return code


class StorageQueue:
    """A queue as a test sees it: texts exactly as stored."""

    def __init__(self, connection_string: str, name: str) -> None:
        self.name = name
        self._client = QueueClient.from_connection_string(connection_string, name)

    def create(self) -> StorageQueue:
        self._client.create_queue()
        return self

    def add(self, text: str) -> None:
        self._client.send_message(text)

    def peek(self) -> list[str]:
        with contextlib.suppress(Exception):
            return [message.content for message in self._client.peek_messages(max_messages=32)]
        return []

    def count(self) -> int:
        """All messages, hidden ones too."""
        with contextlib.suppress(Exception):
            return self._client.get_queue_properties().approximate_message_count
        return 0

    def try_once(self) -> None:
        """Receive a message and let go of it, as a host does whose function fails."""
        [message] = self._client.receive_messages(max_messages=1)
        self._client.update_message(message, visibility_timeout=0)


def write_app(root: Path, source: str, host_json: Any = None, local: Any = None) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "function_app.py").write_text(HEAD + textwrap.dedent(source))
    content = {"version": "2.0"} if host_json is None else host_json
    (root / "host.json").write_text(content if isinstance(content, str) else json.dumps(content))
    if local is not None:
        (root / "local.settings.json").write_text(json.dumps(local))
    return root


def queues_json(**options: Any) -> dict[str, Any]:
    """A host.json with these queue settings."""
    return {"version": "2.0", "extensions": {"queues": options}}


def _starter(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningHost]]:
    running: list[RunningHost] = []

    def start(
        source: str = "",
        *,
        root: Path | None = None,
        host_json: Any = None,
        local: Any = None,
        env: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        data_dir: Path | None = None,
    ) -> RunningHost:
        """`root` alone starts an app written before once more."""
        if root is None:
            root = write_app(tmp_path_factory.mktemp("app"), source, host_json, local)
        settings = {"AzureWebJobsStorage": azurite.connection_string, **(env or {})}
        host = RunningHost(root, settings, list(arguments), data_dir)
        running.append(host)
        return host

    yield start
    for host in running:
        host.stop(signal.SIGKILL)


@pytest.fixture
def start_host(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningHost]]:
    """Starts hosts; those that still run at the end of the test are stopped."""
    yield from _starter(azurite, tmp_path_factory)


@pytest.fixture(scope="module")
def start_shared_host(
    azurite: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RunningHost]]:
    """As `start_host`, for a host that all tests of a module share."""
    yield from _starter(azurite, tmp_path_factory)


@pytest.fixture
def queue(azurite: Azurite) -> Callable[..., StorageQueue]:
    """Makes queues: without a name, one that nobody else uses."""

    def make(name: str | None = None) -> StorageQueue:
        return StorageQueue(azurite.connection_string, name or f"q{uuid.uuid4().hex[:12]}")

    return make


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Starts an app that must be refused, and returns what the host said."""

    def start(source: str, host_json: Any = None, local: Any = None, **env: str) -> str:
        write_app(tmp_path, source, host_json, local)
        storage = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
        code, output, errors = forked.run(tmp_path, storage | env, tmp_path, DEADLINE)
        assert code == 1, output + errors
        assert output == ""
        return errors

    return start
