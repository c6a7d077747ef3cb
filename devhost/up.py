"""`make run`: storage emulator, development host, and on the first start a handful of failures to look at."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devhost.azurite import Azurite, AzuriteError

_ROOT = Path(__file__).resolve().parent.parent
_DATA = Path(os.environ.get("DEVHOST_DATA_DIR") or _ROOT / ".devhost")
_DEMO = Path(__file__).parent / "demo"
_ADMIN = "admin@example.com"


class CannotStart(Exception):
    """Why, and what to do."""


def main() -> int:
    """Runs until Ctrl-C; returns the exit code."""
    settings = _ROOT / "local.settings.json"
    if not settings.exists():
        shutil.copy(_ROOT / "local.settings.json.example", settings)
    try:
        azurite = Azurite(
            _DATA / "azurite",
            blob_port=_port("AZURITE_BLOB_PORT", 10000),
            queue_port=_port("AZURITE_QUEUE_PORT", 10001),
            table_port=_port("AZURITE_TABLE_PORT", 10002),
            many_rows=True,
        )
        with _alone(), azurite:
            return _run_host(azurite.connection_string, _port("PORT", 7071))
    except (AzuriteError, CannotStart) as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        return 1


def _port(name: str, usual: int) -> int:
    text = os.environ.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536):
        raise CannotStart(f"{name} is no port: {text!r}. Give a number from 1 to 65535.")
    return int(text)


@contextmanager
def _alone() -> Iterator[None]:
    """Holds the data folder: two emulators on the same files would lose what the other writes."""
    _DATA.mkdir(parents=True, exist_ok=True)
    with (_DATA / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"{_DATA} is used by another `make run`. For a second one beside it set DEVHOST_DATA_DIR to another"
                " folder, and PORT and the AZURITE_*_PORT variables to other ports."
            ) from None
        yield


def _run_host(connection_string: str, port: int) -> int:
    host = subprocess.Popen(  # a list of ours, no shell # nosec B603
        [sys.executable, "-m", "devhost", "--root", str(_ROOT), "--data-dir", str(_DATA), "--port", str(port)],
        cwd=_ROOT,
        env={
            "AzureWebJobsStorage": connection_string,
            "DASHBOARD_URL": f"http://127.0.0.1:{port}",
            "BOOTSTRAP_ADMIN_EMAIL": _ADMIN,
            "BOOTSTRAP_ADMIN_PASSWORD": _admin_password(),
            **os.environ,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    # Ctrl-C reaches the host as well; it finishes what is in flight, and we wait for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: host.terminate())
    for line in host.stdout or ():
        if line.startswith("devhost: ready"):
            _welcome(f"http://127.0.0.1:{port}")
        else:
            print(line, end="", flush=True)
    return host.wait()


def _admin_password() -> str:
    """The password of the first admin, drawn at the first start."""
    kept = _DATA / "admin-password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(12))
    return kept.read_text()


def _welcome(address: str) -> None:
    key = json.loads((_DATA / "keys.json").read_text())["default"]
    told = _health(address)
    sent = _DATA / "demo-sent"
    # With settings that are wrong every call answers 503: nothing is sent until a start with better ones.
    if not sent.exists() and "parts" in told:
        for example in sorted(_DEMO.glob("*/*.json")):
            _post(f"{address}/{example.parent.name}", key, example.read_bytes())
        sent.touch()
    health = "\n".join(f"  {name:<22}{words}" for name, words in _state(told, address))
    print(
        f"""
AIOps RCA Assistant runs on {address}   (Ctrl-C stops it; data is kept in {_DATA.name}/)

  Dashboard             {address}/
  Sign in as            {_signs_in()}
                        curl -c .cookies -H 'Content-Type: application/json' {address}/api/login \\
                          -d '{{"email": "...", "password": "..."}}'
  Tickets               curl -b .cookies {address}/api/tickets
  Counts                curl -b .cookies {address}/api/summary
  Key of the senders    {key}   (header x-functions-key, or ?code=)
{health}
  Post a failure        curl -H 'x-functions-key: {key}' {address}/airflow-monitor \\
                          -d '{{"dag_id": "orders", "task_id": "load", "run_id": "1", "exception": "Read timed out"}}'
""",
        flush=True,
    )


def _health(address: str) -> dict[str, Any]:
    """What the app says of itself; without `parts` if its settings are wrong, then `detail` says how."""
    try:
        with urllib.request.urlopen(f"{address}/api/health", timeout=30) as response:  # http, ours # nosec B310
            answer = response.read()
    except urllib.error.HTTPError as error:
        answer = error.read()
    told: dict[str, Any] = json.loads(answer)
    return told


def _state(told: dict[str, Any], address: str) -> Iterator[tuple[str, str]]:
    """What of the app is off for want of settings, and what is in trouble, with the reason."""
    if "parts" not in told:
        yield "Does not work", told.get("detail", "").replace("\n", "\n" + " " * 24)
        return
    off = [name for name, state in told["parts"].items() if state == "off"]
    yield "Switched off", f"{', '.join(off) or 'nothing'}   ({address}/api/health says which setting each lacks)"
    for name, state in told["parts"].items():
        if state == "down":
            yield "Not well", f"{name}: {told['notes'].get(name, 'see the log above')}"


def _signs_in() -> str:
    """The admin of a first start; who is set by the environment is not ours to show."""
    if os.environ.get("BOOTSTRAP_ADMIN_EMAIL"):
        return "the admin of BOOTSTRAP_ADMIN_EMAIL"
    return f"{_ADMIN} with password {_admin_password()} (as on the first start)"


def _post(url: str, key: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"x-functions-key": key, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:  # the address is our own # nosec B310
        answer = json.load(response)
    print(f"  sent to {url}: {answer['status']} {answer.get('ticket_id', '')}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
