"""Reads `host.json` and `local.settings.json`, and what else decides how the host behaves.

Sources: "host.json reference for Azure Functions", "Develop Azure Functions locally" (local settings file),
"Azure Queue storage trigger and bindings" (host.json settings).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devhost.errors import StartError

_PERCENT = re.compile(r"%([^%\s]+)%")
_TIMESPAN = re.compile(r"(?:(?P<d>\d+)\.)?(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}(?:\.\d{1,7})?))?")


@dataclass(frozen=True)
class QueueOptions:
    """`extensions.queues` of host.json; times are in seconds."""

    max_polling_interval: float
    visibility_timeout: float
    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    base64: bool


@dataclass(frozen=True)
class HostSettings:
    """All that the host needs to know before it loads the app; times are in seconds."""

    root: Path
    data_dir: Path
    site: Path | None
    route_prefix: str
    function_timeout: float | None
    queues: QueueOptions
    cors_origins: tuple[str, ...] = ()
    cors_credentials: bool = False
    local_http_port: int | None = None
    script_file: str = "function_app.py"
    body_limit: int = 104_857_600
    threads: int = 4
    queue_visibility: float = 600.0
    grace: float = 30.0
    host_json: dict[str, Any] = field(default_factory=dict)


def load_settings(root: Path, data_dir: Path | None = None, site: Path | None = None) -> HostSettings:
    """Read the settings of the app in `root` and put `Values` of local.settings.json into the environment.

    A variable that is set already keeps its value. `site` is the folder of the built page to serve; when it is not
    given, that of the page in `root`, if there is one. Raises StartError.
    """
    root = root.resolve()
    if not root.is_dir():
        raise StartError(f"{root}: no such folder (--root names the folder with function_app.py and host.json)")
    local = _load_local_settings(root / "local.settings.json")
    host_json = _load_host_json(root / "host.json")
    http = _section(host_json, "extensions", "http")
    timeout = host_json.get("functionTimeout", "00:30:00")
    host = local.get("Host") or {}
    origins = tuple(o.strip().rstrip("/").lower() for o in str(host.get("CORS") or "").split(",") if o.strip())
    credentials = _boolean(host.get("CORSCredentials", False), "local.settings.json: Host.CORSCredentials")
    if credentials and "*" in origins:
        raise StartError(
            "local.settings.json: Host.CORS '*' cannot be used with Host.CORSCredentials true: list origins"
        )
    port = host.get("LocalHttpPort")
    return HostSettings(
        root=root,
        data_dir=Path(data_dir or os.environ.get("DEVHOST_DATA_DIR") or root / ".devhost").resolve(),
        site=_site(root) if site is None else site.resolve(),
        route_prefix=str(http.get("routePrefix", "api")).strip("/"),
        function_timeout=None if timeout in (None, "-1") else timespan(timeout, "host.json: functionTimeout"),
        queues=_queue_options(_section(host_json, "extensions", "queues")),
        cors_origins=origins,
        cors_credentials=credentials,
        local_http_port=None if port is None else _integer(port, "local.settings.json: Host.LocalHttpPort"),
        script_file=os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py",
        body_limit=_env_integer("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 104_857_600),
        threads=_env_integer("PYTHON_THREADPOOL_THREAD_COUNT", min(32, (os.cpu_count() or 1) + 4), 1),
        queue_visibility=_env_integer("DEVHOST_QUEUE_VISIBILITY_SECONDS", 600, 1),
        grace=_env_integer("DEVHOST_GRACE_SECONDS", 30),
        host_json=host_json,
    )


def _site(root: Path) -> Path | None:
    page = root / "static_dashboard"
    return page / "dist" if page.is_dir() else None


def expand(text: str, where: str) -> str:
    """Replace each `%NAME%` by the setting of that name; StartError when there is none."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise StartError(f"{where}: '%{match[1]}%' is used but the setting {match[1]} does not exist")
        return found

    return _PERCENT.sub(value, text)


def timespan(text: object, where: str) -> float:
    """Seconds of a .NET TimeSpan text such as `00:00:30` or `1.02:00:00`; StartError when it is none."""
    match = _TIMESPAN.fullmatch(str(text).strip())
    if match is None or int(match["h"]) > 23 or int(match["m"]) > 59 or float(match["s"] or 0) >= 60:
        raise StartError(f"{where}: '{text}' is not a time span (hh:mm:ss)")
    return int(match["d"] or 0) * 86400 + int(match["h"]) * 3600 + int(match["m"]) * 60 + float(match["s"] or 0)


def is_disabled(function: str) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled` (or its Linux spelling with `__`) is true or 1."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs__{function}__Disabled")
    return any(os.environ.get(name, "").strip().lower() in ("true", "1") for name in names)


def _load_json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise StartError(f"{path}: not valid JSON, line {error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: cannot be read: {error}") from None
    if not isinstance(loaded, dict):
        raise StartError(f"{path}: must hold a JSON object")
    return loaded


def _load_host_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise StartError(f'{path}: missing; a function app needs one, at least {{"version": "2.0"}}')
    host_json = _load_json(path)
    if host_json.get("version") != "2.0":
        raise StartError(f'{path}: "version" must be "2.0", found {json.dumps(host_json.get("version"))}')
    return host_json


def _load_local_settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    local = _load_json(path)
    if local.get("IsEncrypted") is True:
        raise StartError(f"{path}: IsEncrypted is true; decrypt it (func settings decrypt) or set it to false")
    for name, value in (local.get("Values") or {}).items():
        if not isinstance(value, str):
            raise StartError(f"{path}: Values.{name} must be a text in quotes")
        os.environ.setdefault(name, value)
    return local


def _section(config: dict[str, Any], *names: str) -> dict[str, Any]:
    found: Any = config
    for name in names:
        found = (found.get(name) if isinstance(found, dict) else None) or {}
    if not isinstance(found, dict):
        raise StartError(f"host.json: {'.'.join(names)} must be a JSON object")
    return found


def _queue_options(section: dict[str, Any]) -> QueueOptions:
    where = "host.json: extensions.queues."
    batch = _integer(section.get("batchSize", 16), where + "batchSize", 1, 32)
    threshold = section.get("newBatchThreshold", max(1, batch // 2) * (os.cpu_count() or 1))
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in ("base64", "none"):
        raise StartError(f"{where}messageEncoding must be base64 or none, found '{encoding}'")
    # The real host polls at least every two seconds in the Development environment, whatever host.json says.
    longest = timespan(section.get("maxPollingInterval", "00:01:00"), where + "maxPollingInterval")
    return QueueOptions(
        max_polling_interval=max(0.1, min(2.0, longest)),
        visibility_timeout=timespan(section.get("visibilityTimeout", "00:00:00"), where + "visibilityTimeout"),
        batch_size=batch,
        new_batch_threshold=_integer(threshold, where + "newBatchThreshold", 0),
        max_dequeue_count=_integer(section.get("maxDequeueCount", 5), where + "maxDequeueCount", 1),
        base64=encoding == "base64",
    )


def _env_integer(name: str, default: int, low: int = 0) -> int:
    return _integer(os.environ.get(name) or default, f"environment variable {name}", low)


def _integer(value: object, where: str, low: int = 0, high: int = 2**31 - 1) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise StartError(f"{where}: '{value}' is not a whole number") from None
    if not low <= number <= high:
        raise StartError(f"{where}: {number} is not between {low} and {high}")
    return number


def _boolean(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise StartError(f"{where}: '{value}' is not true or false")
