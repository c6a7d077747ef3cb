"""The wire side of the small SignalR service: client endpoint and REST interface, in serverless mode.

It is reached under `/devhost-signalr`, so that it never stands in the way of the app's routes; what no function
answers is also looked for here, because a connection string has no room for a path.
Sources: "Azure SignalR Service REST API" (2022-06-01 and v1), SignalR "Transport Protocols" specification.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from typing import Any
from urllib.parse import unquote, urlsplit

from devhost import tokens
from devhost.http import Headers, Receive, Scope, Send, TooLarge, read_body, read_headers, read_query, respond
from devhost.hubs import Connection, Hub, new_connection_id

PREFIX = "/devhost-signalr"
MESSAGE_LIMIT = 1_048_576
HUB_NAME = re.compile(r"[A-Za-z]\w*")

_JSON = (b"content-type", b"application/json")
_SEND = re.compile(r"/api(?:/v1)?/hubs/([A-Za-z]\w*)(?:/(users|groups|connections)/([^/]+))?(?:/:send)?")
_GROUP = re.compile(
    r"/api(?:/v1)?/hubs/([A-Za-z]\w*)/(users|groups|connections)/([^/]+)/(users|groups|connections)(?:/([^/]+))?"
)
_FIELD = {"users": "userId", "groups": "groupName", "connections": "connectionId"}
# How long a negotiated connection may take to arrive, in seconds.
_NEGOTIATED_FOR = 60.0


class SignalRService:
    """Hubs behind HTTP and WebSockets. `key` signs and checks every token."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._hubs: defaultdict[str, Hub] = defaultdict(Hub)
        self._negotiated: dict[str, tuple[str, str, float]] = {}

    def hub(self, name: str) -> Hub:
        """The hub of that name; case does not matter."""
        return self._hubs[name.lower()]

    def close_all(self) -> None:
        """End every connection."""
        for hub in self._hubs.values():
            hub.close_all()

    async def http(self, scope: Scope, receive: Receive, send: Send, path: str) -> bool:
        """Answer a request; False when the path is none of the service's."""
        method, headers = scope["method"], read_headers(scope)
        is_client = path.rstrip("/") == "/client/negotiate"
        if not is_client and not _SEND.fullmatch(path) and not _GROUP.fullmatch(path):
            return False
        cors = _cors(headers)
        if method == "OPTIONS":
            await respond(scope, send, 204, cors)
        elif is_client:
            await self._negotiate(scope, send, headers, cors)
        elif (claims := self._claims(scope, headers)) is None or not _same_path(str(claims.get("aud")), path):
            await respond(scope, send, 401, cors)
        else:
            status, text = await self._rest(method, path, headers, receive)
            await respond(scope, send, status, [*cors, _JSON], text.encode())
        return True

    async def websocket(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Serve one client connection, or refuse it."""
        await receive()  # websocket.connect
        query = read_query(scope)
        claims = self._claims(scope, read_headers(scope))
        hub_name = query.get("hub", "").lower()
        if path.rstrip("/") != "/client" or claims is None or not _for_client(claims, hub_name):
            await send({"type": "websocket.close", "code": 1008})
            return
        connection_id = new_connection_id()
        if token := query.get("id"):
            connection_id, negotiated_hub, until = self._negotiated.pop(token, ("", "", 0.0))
            if negotiated_hub != hub_name or until < time.monotonic():
                await send({"type": "websocket.close", "code": 1008})
                return
        await send({"type": "websocket.accept"})
        user = claims.get("nameid")
        await Connection(None if user is None else str(user), connection_id).run(self.hub(hub_name), receive, send)

    async def _negotiate(self, scope: Scope, send: Send, headers: dict[str, str], cors: Headers) -> None:
        hub_name = read_query(scope).get("hub", "").lower()
        claims = self._claims(scope, headers)
        if scope["method"] != "POST":
            await respond(scope, send, 404, cors)
        elif claims is None or not _for_client(claims, hub_name):
            await respond(scope, send, 401, cors)
        else:
            now = time.monotonic()
            self._negotiated = {name: known for name, known in self._negotiated.items() if known[2] > now}
            connection_id, token = new_connection_id(), new_connection_id()
            self._negotiated[token] = (connection_id, hub_name, now + _NEGOTIATED_FOR)
            answer = {
                "negotiateVersion": 1,
                "connectionId": connection_id,
                "connectionToken": token,
                "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
            }
            await respond(scope, send, 200, [*cors, _JSON], json.dumps(answer).encode())

    async def _rest(self, method: str, path: str, headers: dict[str, str], receive: Receive) -> tuple[int, str]:
        if method == "POST" and (sends := _SEND.fullmatch(path)):
            try:
                message = json.loads(await read_body(headers, receive, MESSAGE_LIMIT))
                target, arguments = message["target"], message["arguments"]
            except TooLarge:
                return 413, '{"error": "a message may have at most 1 MB"}'
            except (ValueError, KeyError, TypeError):
                return 400, '{"error": "the body must be {target, arguments}"}'
            to = {_FIELD[sends[2]]: unquote(sends[3])} if sends[2] else {}
            self.hub(sends[1]).send({"target": target, "arguments": arguments, **to})
            return 202, ""
        if method in ("PUT", "DELETE") and (groups := _GROUP.fullmatch(path)):
            named = {groups[2]: unquote(groups[3]), groups[4]: unquote(groups[5] or "")}
            action: dict[str, Any] = {_FIELD[kind]: name for kind, name in named.items() if name}
            if "groupName" in action or (method == "DELETE" and groups[4] == "groups"):
                remove = "remove" if "groupName" in action else "removeAll"
                self.hub(groups[1]).act({**action, "action": "add" if method == "PUT" else remove})
                return 200, ""
        return 404, ""

    def _claims(self, scope: Scope, headers: dict[str, str]) -> dict[str, Any] | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            # A browser's WebSocket cannot send headers.
            token = read_query(scope).get("access_token", "")
        try:
            return tokens.verify(token.strip(), self._key)
        except tokens.TokenError:
            return None


def _same_path(audience: str, path: str) -> bool:
    # Only the path is compared: the host may be reached under several names.
    return urlsplit(audience).path.removeprefix(PREFIX).rstrip("/").lower() == path.rstrip("/").lower()


def _for_client(claims: dict[str, Any], hub_name: str) -> bool:
    audience = str(claims.get("aud"))
    hubs = [part[4:].lower() for part in urlsplit(audience).query.split("&") if part.startswith("hub=")]
    return bool(hub_name) and hubs == [hub_name] and _same_path(audience, "/client")


def _cors(headers: dict[str, str]) -> Headers:
    """The real service allows every origin unless told otherwise."""
    origin = headers.get("origin")
    if origin is None:
        return []
    found = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
    if "access-control-request-method" in headers:
        wanted = headers.get("access-control-request-headers", "")
        found += [
            (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
            (b"access-control-allow-headers", wanted.encode("latin-1")),
        ]
    return found
