"""The wire side of the small SignalR service: client endpoint and REST interface, in serverless mode.

It is reached under `/devhost-signalr`, so that it never stands in the way of the app's routes; what no function
answers is also looked for here, because a connection string has no room for a path.
Sources: "Azure SignalR Service REST API" (2022-06-01 and v1), SignalR "Transport Protocols" specification.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections import defaultdict
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router, WebSocketRoute, request_response
from starlette.websockets import WebSocket, WebSocketDisconnect

from devhost import tokens
from devhost.http import read_body
from devhost.hubs import Connection, Hub, new_connection_id

PREFIX = "/devhost-signalr"
MESSAGE_LIMIT = 1_048_576
HUB_NAME = re.compile(r"[A-Za-z]\w*")

_USER, _GROUP, _CONNECTION = "users/{userId:path}", "groups/{groupName:path}", "connections/{connectionId:path}"
_SEND = ("", *(f"/{to}" for to in (_USER, _GROUP, _CONNECTION)))
_MEMBER = (f"{_USER}/{_GROUP}", f"{_GROUP}/{_USER}", f"{_GROUP}/{_CONNECTION}")
_ALL_GROUPS = (f"{_USER}/groups", f"{_CONNECTION}/groups")
# How long a negotiated connection may take to arrive, in seconds.
_NEGOTIATED_FOR = 60.0


class SignalRService:
    """Hubs behind HTTP and WebSockets; `app` is the ASGI application. `key` signs and checks every token."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._hubs: defaultdict[str, Hub] = defaultdict(Hub)
        self._negotiated: dict[str, tuple[str, str, float]] = {}
        # The real service allows every origin unless told otherwise.
        negotiate = CORSMiddleware(
            request_response(self._negotiate), (), ["*"], ["*"], allow_credentials=True, allow_origin_regex=".*"
        )
        routes = [Route("/client/negotiate", negotiate)]
        routes += [WebSocketRoute(path, self._client) for path in ("/client", "/client/")]
        for base in ("/api/hubs/{hub}", "/api/v1/hubs/{hub}"):
            for to in _SEND:
                # The longer one first: a user's name may hold a slash.
                routes += [Route(base + to + end, self._send, methods=["POST"]) for end in ("/:send", "")]
            routes += [Route(f"{base}/{way}", self._act, methods=["PUT", "DELETE"]) for way in _MEMBER]
            routes += [Route(f"{base}/{way}", self._act, methods=["DELETE"]) for way in _ALL_GROUPS]
        self.app = Router(routes, redirect_slashes=False, default=Response(status_code=404))

    def hub(self, name: str) -> Hub:
        """The hub of that name; case does not matter."""
        return self._hubs[name.lower()]

    def close_all(self) -> None:
        """End every connection."""
        for hub in self._hubs.values():
            hub.close_all()

    async def _client(self, websocket: WebSocket) -> None:
        hub_name, user = self._asked(websocket)
        connection_id = new_connection_id()
        if hub_name and (token := websocket.query_params.get("id")):
            connection_id, negotiated_hub, until = self._negotiated.pop(token, ("", "", 0.0))
            if negotiated_hub != hub_name or until < time.monotonic():
                hub_name = ""
        if not hub_name:
            await websocket.close(1008)
            return
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.accept()
            await Connection(user, connection_id).run(self.hub(hub_name), websocket)

    async def _negotiate(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        hub_name, _ = self._asked(request)
        if not hub_name:
            return Response(status_code=401)
        now = time.monotonic()
        self._negotiated = {name: known for name, known in self._negotiated.items() if known[2] > now}
        connection_id, token = new_connection_id(), new_connection_id()
        self._negotiated[token] = (connection_id, hub_name, now + _NEGOTIATED_FOR)
        return JSONResponse(
            {
                "negotiateVersion": 1,
                "connectionId": connection_id,
                "connectionToken": token,
                "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
            }
        )

    async def _send(self, request: Request) -> Response:
        if not self._is_authorised(request):
            return Response(status_code=401)
        body = await read_body(request, MESSAGE_LIMIT)
        if body is None:
            return JSONResponse({"error": "a message may have at most 1 MB"}, 413)
        try:
            message = json.loads(body)
            invocation = {"target": message["target"], "arguments": message["arguments"]}
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "the body must be {target, arguments}"}, 400)
        to = dict(request.path_params)
        self.hub(to.pop("hub")).send(invocation | to)
        return Response(status_code=202)

    async def _act(self, request: Request) -> Response:
        if not self._is_authorised(request):
            return Response(status_code=401)
        whom = dict(request.path_params)
        hub = self.hub(whom.pop("hub"))
        remove = "remove" if "groupName" in whom else "removeAll"
        hub.act({**whom, "action": "add" if request.method == "PUT" else remove})
        return Response(status_code=200)

    def _asked(self, request: HTTPConnection) -> tuple[str, str | None]:
        """The hub that a client may connect to, empty when none, and the user that it is."""
        name = request.query_params.get("hub", "").lower()
        claims = self._claims(request)
        audience = str(claims.get("aud"))
        hubs = [part[4:].lower() for part in urlsplit(audience).query.split("&") if part.startswith("hub=")]
        user = claims.get("nameid")
        allowed = hubs == [name] and _path_of(audience) == "/client"
        return name if allowed else "", None if user is None else str(user)

    def _is_authorised(self, request: Request) -> bool:
        # Only the path is compared: the host may be reached under several names.
        return _path_of(str(self._claims(request).get("aud"))) == _own(request.scope["path"])

    def _claims(self, request: HTTPConnection) -> dict[str, Any]:
        """What the caller's token says; nothing when it is not good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            # A browser's WebSocket cannot send headers.
            token = request.query_params.get("access_token", "")
        try:
            return tokens.verify(token.strip(), self._key)
        except tokens.TokenError:
            return {}


def _path_of(audience: str) -> str:
    return _own(unquote(urlsplit(audience).path))


def _own(path: str) -> str:
    return path.removeprefix(PREFIX).rstrip("/").lower()
