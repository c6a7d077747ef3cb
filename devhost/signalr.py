"""The SignalR bindings: connection info for clients, and messages to the service, ours or a real one.

Sources: "SignalR Service input binding", "SignalR Service output binding", "Azure SignalR Service REST API".
"""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import azure.functions as func

from devhost import tokens
from devhost.app import AppFunction, Binding
from devhost.bindings import resolve
from devhost.errors import InvocationError, StartError
from devhost.hubs import invocation
from devhost.keys import new_key, write_private
from devhost.signalr_service import HUB_NAME, MESSAGE_LIMIT, PREFIX, SignalRService

DEFAULT_SETTING = "AzureSignalRConnectionString"
_HOUR = 3600.0
_TIMEOUT = 20.0


@dataclass(frozen=True)
class Endpoint:
    """Where a SignalR service is and the key that signs its tokens."""

    url: str
    key: str


class SignalR:
    """Serves the bindings. Sets `AzureSignalRConnectionString` to itself when it is not set."""

    def __init__(self, loop: asyncio.AbstractEventLoop, data_dir: Path, port: int) -> None:
        self._loop = loop
        self._key = _own_key(data_dir / "signalr.json")
        self._own_url = f"http://127.0.0.1:{port}"
        self.service = SignalRService(self._key)
        own = f"Endpoint=http://127.0.0.1;Port={port};AccessKey={self._key};Version=1.0;"
        if not os.environ.get(DEFAULT_SETTING):
            os.environ[DEFAULT_SETTING] = own

    def check(self, function: AppFunction) -> None:
        """Refuse, with StartError, a binding that could not work."""
        for binding in (*function.inputs, *function.outputs):
            if binding.type not in ("signalr", "signalrconnectioninfo"):
                continue
            where = f"function {function.name}: binding '{binding.name}'"
            if not HUB_NAME.fullmatch(str(binding.fields.get("hubName"))):
                raise StartError(f"{where}: hubName must be letters, digits and underscores, a letter first")
            if binding.fields.get("idToken") or binding.fields.get("claimTypeList"):
                raise StartError(f"{where}: idToken and claimTypeList are not imitated by the development host")
            parse_endpoint(_setting(binding), where)

    def connection_info(self, binding: Binding, trigger: Any) -> str:
        """The value of a `signalRConnectionInfo` input, JSON text with `url` and `accessToken`."""
        endpoint = parse_endpoint(_setting(binding), f"binding '{binding.name}'")
        request = trigger if isinstance(trigger, func.HttpRequest) else None
        base = endpoint.url
        if endpoint.key == self._key:
            # The address by which this client reaches the host, which need not be 127.0.0.1.
            host = request.headers.get("host") if request is not None else None
            base = (f"http://{host}" if host else self._own_url) + PREFIX
        url = f"{base}/client/?hub={str(binding.fields['hubName']).lower()}"
        user = resolve(str(binding.fields.get("userId") or ""), binding, request)
        claims = {"nameid": user} if user else {}
        return json.dumps({"url": url, "accessToken": tokens.sign(url, endpoint.key, _HOUR, **claims)})

    def send(self, setting: str, hub: str, items: list[dict[str, Any]]) -> None:
        """Send messages and group actions; from a thread other than the event loop's."""
        for item in items:
            if "target" in item and len(invocation(item).encode()) > MESSAGE_LIMIT:
                raise InvocationError("a SignalR message may have at most 1 MB")
        endpoint = parse_endpoint(setting, "signalR output")
        if endpoint.key == self._key:
            asyncio.run_coroutine_threadsafe(self._send_here(hub, items), self._loop).result(_TIMEOUT)
        else:
            for item in items:
                _send_there(endpoint, hub.lower(), item)

    def close_all(self) -> None:
        """End every client's connection."""
        self.service.close_all()

    async def _send_here(self, hub: str, items: list[dict[str, Any]]) -> None:
        for item in items:
            if "target" in item:
                self.service.hub(hub).send(item)
            else:
                self.service.hub(hub).act(item)


def parse_endpoint(setting: str, where: str) -> Endpoint:
    """Read the connection string that an app setting holds. Raises StartError."""
    text = os.environ.get(setting)
    if not text:
        raise StartError(
            f"{where}: the setting {setting} is not set; the development host needs a connection string "
            "with an AccessKey (a connection by identity is not imitated)"
        )
    parts = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    fields = {name.lower(): value for name, value in parts.items()}
    url, key, port = fields.get("endpoint", "").rstrip("/"), fields.get("accesskey"), fields.get("port")
    if not url.startswith(("http://", "https://")) or not key:
        raise StartError(f"{where}: {setting} must read Endpoint=https://...;AccessKey=...;Version=1.0;")
    return Endpoint(f"{url}:{port}" if port else url, key)


def _send_there(endpoint: Endpoint, hub: str, item: dict[str, Any]) -> None:
    base = f"{endpoint.url}/api/hubs/{hub}"
    user, connection = item.get("userId"), item.get("connectionId")
    body: bytes | None = None
    if "target" in item:
        named = [("connections", connection), ("users", user), ("groups", item.get("groupName"))]
        to = next((f"/{kind}/{quote(str(name), safe='')}" for kind, name in named if name), "")
        url, method = f"{base}{to}/:send", "POST"
        body = json.dumps({"target": item["target"], "arguments": item["arguments"]}).encode()
    else:
        who = f"connections/{quote(str(connection), safe='')}" if connection else f"users/{quote(str(user), safe='')}"
        group = f"groups/{quote(str(item.get('groupName')), safe='')}"
        if item["action"] == "removeAll":
            url = f"{base}/{who}/groups"
        else:
            # The service names the group first for a connection, and last for a user.
            url = f"{base}/{group}/{who}" if connection else f"{base}/{who}/{group}"
        method = "PUT" if item["action"] == "add" else "DELETE"
    token = tokens.sign(url, endpoint.key, _HOUR)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    # The scheme is checked by parse_endpoint.
    request = urllib.request.Request(f"{url}?api-version=2022-06-01", data=body, headers=headers, method=method)
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT).close()  # see above # nosec B310
    except (urllib.error.URLError, TimeoutError) as error:
        raise InvocationError(f"SignalR service {endpoint.url} did not take the message: {error}") from error


def _own_key(path: Path) -> str:
    try:
        if path.exists():
            return str(json.loads(path.read_text("utf-8"))["accessKey"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{path}: cannot be read: {error}; delete it to get a new key") from None
    key = new_key()
    write_private(path, json.dumps({"accessKey": key}) + "\n")
    return key


def _setting(binding: Binding) -> str:
    return str(binding.fields.get("connectionStringSetting") or DEFAULT_SETTING)
