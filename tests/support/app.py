"""The app as its callers see it: a process behind HTTP."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found | None], what: str, seconds: float = 20) -> Found:
    """What `condition` returns as soon as that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class App:
    """The repository's function_app.py in a development host of its own; `settings` are app settings for it."""

    def __init__(self, connection_string: str, data: Path, **settings: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = data / "log"
        self._settings = {"AzureWebJobsStorage": connection_string, **settings}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Starts the host and waits until it serves."""
        port = self.url.rpartition(":")[2]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devhost", "--root", str(ROOT), "--data-dir", str(self.data), "--port", port],
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stdout=log,
                stderr=log,
                text=True,
            )
        wait_for(self._ready, f"the host; its log: {self.log}", seconds=30)
        return self

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{self.url}/api/openapi.json")
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends the host, politely or (SIGKILL) not; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        code = self._process.wait(40)
        self._process = None
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    @property
    def key(self) -> str:
        """The default function key."""
        key: str = json.loads((self.data / "keys.json").read_text())["default"]
        return key

    def client(self, **options: Any) -> httpx.Client:
        """An HTTP client that shows the key."""
        # Plain HTTP: loading the certificates that it would verify costs more than the calls.
        return httpx.Client(
            base_url=self.url, headers={"x-functions-key": self.key}, timeout=30, verify=False, **options
        )

    def post(self, path: str, body: Any) -> httpx.Response:
        """Posts `body` (bytes as they are, else as JSON)."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.client() as client:
            return client.post(path, content=content)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer to a GET that must succeed."""
        with self.client() as client:
            response = client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """The ticket, once it is written: mostly at once, 30 s later if storage stalled and the host tried again."""

        def written() -> dict[str, Any] | None:
            response = client.get(f"/api/tickets/{ticket_id}")
            return response.json() if response.status_code == 200 else None

        with self.client() as client:
            return wait_for(written, f"ticket {ticket_id}", seconds=75)
