"""The app as its callers see it: a process behind HTTP."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from rca_core.access.accounts import account_id
from rca_core.foundation.settings import PARTS

ADMIN_EMAIL = "admin@example.com"
PASSWORD = "-".join(("quiet", "harbour", "lantern", "71"))
_SECRETS = {setting.name for part in PARTS for setting in part.settings if setting.secret}
ROOT = Path(__file__).resolve().parent.parent.parent
Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found | None], what: str, seconds: float = 20, every: float = 0.02) -> Found:
    """What `condition`, asked `every` so many seconds, returns as soon as that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class App:
    """The repository's function_app.py in a development host of its own; `settings` are app settings for it.

    It has an admin, as whom `client` and what uses it are signed in.
    """

    def __init__(self, connection_string: str, data: Path, **settings: str) -> None:
        self.data = data
        self.connection_string = connection_string
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = data / "log"
        self._settings = {
            "AzureWebJobsStorage": connection_string,
            "BOOTSTRAP_ADMIN_EMAIL": ADMIN_EMAIL,
            "BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
            # What one test sends must not be held against another.
            "SENDER_RATE_LIMIT": "0",
            **settings,
        }
        self._sessions: dict[str, str] = {}
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
        self._no_secret_was_logged()
        return code

    def _no_secret_was_logged(self) -> None:
        """So the log of every app of every test is looked through, whatever the test was about."""
        secret = [value for name, value in self._settings.items() if name in _SECRETS]
        sessions = [cookie.partition("=")[2] for cookie in self._sessions.values()]
        log = self.log.read_text(errors="replace")
        for value in [*secret, *sessions, *json.loads((self.data / "keys.json").read_text()).values()]:
            for each in value.split() if isinstance(value, str) else ():
                assert each not in log, f"a secret is in {self.log}"

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

    def client(self, role: str = "admin", **options: Any) -> httpx.Client:
        """An HTTP client that shows the key to what senders call, and is signed in as somebody of this role."""
        headers = {"x-functions-key": self.key, "Origin": self.url}
        if cookie := self.cookie(role):
            headers["Cookie"] = cookie
        return self.stranger(headers=headers | options.pop("headers", {}), **options)

    def sender(self, **options: Any) -> httpx.Client:
        """An HTTP client that shows the key, and is signed in as nobody."""
        return self.stranger(headers={"x-functions-key": self.key}, **options)

    def stranger(self, **options: Any) -> httpx.Client:
        """An HTTP client that shows nothing."""
        # Plain HTTP: loading the certificates that it would verify costs more than the calls.
        return httpx.Client(base_url=self.url, timeout=30, verify=False, **options)

    def cookie(self, role: str = "admin") -> str:
        """The session of somebody of this role, kept once they are signed in; `""` if that is impossible now."""
        if role not in self._sessions:
            email = ADMIN_EMAIL if role == "admin" else f"{role}@example.com"
            if role != "admin":
                self.make_account(email, role=role)
            answer = self.sign_in(email)
            if answer.status_code != 200:
                return ""
            self._sessions[role] = answer.headers["set-cookie"].partition(";")[0]
        return self._sessions[role]

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """The answer to a person who signs in; it sets the session's cookie."""
        with self.stranger(headers={"Origin": self.url}) as client:
            return client.post("/api/login", json={"email": email, "password": password})

    def make_account(self, email: str, **change: str) -> str:
        """Registers somebody, unless they are, and has the admin let them in with this `role` or `status`; their id."""
        # From an address of their own: few may be registered from one.
        headers = {"Origin": self.url, "X-Forwarded-For": str(IPv4Address(random.getrandbits(32)))}
        with self.stranger(headers=headers) as client:
            made = client.post("/api/register", json={"email": email, "password": PASSWORD})
        assert made.status_code == 202, made.text
        with self.client() as admin:
            identifier = account_id(email)
            changed = admin.patch(f"/api/users/{identifier}", json={"status": "active", **change})
            assert changed.status_code == 200, changed.text
        return identifier

    def post(self, path: str, body: Any) -> httpx.Response:
        """Posts `body` (bytes as they are, else as JSON)."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.client() if path.startswith("/api/") else self.sender() as client:
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
