"""The hubs of the small SignalR service: who is connected, in which groups, and how a message reaches them.

Source: SignalR "Hub Protocol" specification, JSON encoding.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

log = logging.getLogger("devhost")

_END = "\x1e"
_PING = json.dumps({"type": 6}) + _END
_PING_EVERY = 10.0
# A client sends a ping every 15 seconds; twice that without a word and it is gone.
_CLIENT_TIMEOUT = 35.0
_HANDSHAKE_TIMEOUT = 15.0
# What may wait for one slow client before it is dropped; it will connect again and fetch.
_WAITING_LIMIT = 1000


class Connection:
    """One client, from its WebSocket being accepted to its end."""

    def __init__(self, user: str | None, connection_id: str) -> None:
        self.id = connection_id
        self.user = user
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(_WAITING_LIMIT)

    def put(self, frame: str) -> None:
        """Send a frame soon; a client that does not keep up is dropped."""
        try:
            self._waiting.put_nowait(frame)
        except asyncio.QueueFull:
            log.warning("SignalR connection %s is too slow and is closed", self.id)
            self.close()

    def close(self, error: str | None = None, reconnect: bool = True) -> None:
        """End the connection, after a close frame if there is room for one."""
        content: dict[str, Any] = {"type": 7, "allowReconnect": reconnect}
        if error is not None:
            content["error"] = error
        while self._waiting.qsize() > _WAITING_LIMIT - 2:
            self._waiting.get_nowait()
        self._waiting.put_nowait(json.dumps(content) + _END)
        self._waiting.put_nowait(None)

    async def run(self, hub: Hub, websocket: WebSocket) -> None:
        """Speak the hub protocol until either side ends it."""
        if not await self._handshake(websocket):
            return
        hub.join(self)
        writer = asyncio.create_task(self._write(websocket))
        reader = asyncio.create_task(self._read(websocket))
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not writer.done() and not reader.result():
                await asyncio.wait({writer}, timeout=5.0)  # Let the close frame go out.
        finally:
            hub.leave(self)
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _handshake(self, websocket: WebSocket) -> bool:
        error = None
        try:
            text = await asyncio.wait_for(websocket.receive_text(), _HANDSHAKE_TIMEOUT)
            asked = json.loads(text.split(_END)[0])
            if asked.get("protocol") != "json" or asked.get("version") not in (1, 2):
                error = "Only the json protocol, version 1, is supported."
        except TimeoutError:
            error = "The handshake did not come in time."
        except (ValueError, AttributeError, KeyError):
            error = "The handshake is not JSON."
        await websocket.send_text(json.dumps({"error": error} if error else {}) + _END)
        if error:
            await websocket.close()
        return error is None

    async def _read(self, websocket: WebSocket) -> bool:
        """Read until the client ends (True) or is to be ended (False, the close frame is waiting)."""
        while True:
            try:
                text = await asyncio.wait_for(websocket.receive_text(), _CLIENT_TIMEOUT)
                kinds = [json.loads(frame).get("type") for frame in text.split(_END) if frame]
            except TimeoutError:
                self.close("The client was silent for too long.")
                return False
            except WebSocketDisconnect:
                return True
            except (ValueError, AttributeError, KeyError):
                kinds = [None]
            for kind in kinds:
                if kind == 7:
                    return True
                if kind != 6:
                    # As the real service without an upstream: in serverless mode a client only listens.
                    self.close("A serverless hub takes no invocations from clients.", reconnect=False)
                    return False

    async def _write(self, websocket: WebSocket) -> None:
        while True:
            try:
                frame = await asyncio.wait_for(self._waiting.get(), _PING_EVERY)
            except TimeoutError:
                frame = _PING
            if frame is None:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # The client was first.
                    await websocket.close()
                return
            await websocket.send_text(frame)


class Hub:
    """The connections and groups of one hub. To be used on the event loop only."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._groups: defaultdict[str, set[str]] = defaultdict(set)
        # A user stays in a group when its connection ends and comes again, as in the real service.
        self._user_groups: defaultdict[str, set[str]] = defaultdict(set)

    def join(self, connection: Connection) -> None:
        """A client is connected and may be sent to."""
        self._connections[connection.id] = connection
        for group in self._user_groups.get(connection.user or "", ()):
            self._groups[group].add(connection.id)

    def leave(self, connection: Connection) -> None:
        """A client is gone."""
        self._connections.pop(connection.id, None)
        for members in self._groups.values():
            members.discard(connection.id)

    def send(self, message: dict[str, Any]) -> None:
        """Send an invocation to a connection, a user, a group or all, looked for in this order."""
        frame = invocation(message)
        for connection in self._receivers(message):
            connection.put(frame)

    def act(self, action: dict[str, Any]) -> None:
        """Add or remove a user or a connection in a group; `removeAll` takes it out of all groups."""
        what, group = action["action"], action.get("groupName")
        user, connection = action.get("userId"), action.get("connectionId")
        ids = {connection} if connection else {c.id for c in self._connections.values() if c.user == user}
        groups = list(self._groups) if what == "removeAll" else [str(group)]
        for name in groups:
            if what == "add":
                self._groups[name] |= ids
            else:
                self._groups[name] -= ids
        if user and not connection:
            if what == "add":
                self._user_groups[user].add(str(group))
            elif what == "remove":
                self._user_groups[user].discard(str(group))
            else:
                self._user_groups.pop(user, None)

    def close_all(self) -> None:
        """End every connection; the clients are told to come back."""
        for connection in list(self._connections.values()):
            connection.close()

    def _receivers(self, message: dict[str, Any]) -> Iterable[Connection]:
        connections = list(self._connections.values())
        if wanted := message.get("connectionId"):
            return [c for c in connections if c.id == wanted]
        if wanted := message.get("userId"):
            return [c for c in connections if c.user == wanted]
        if wanted := message.get("groupName"):
            return [c for c in connections if c.id in self._groups.get(wanted, ())]
        return connections


def invocation(message: dict[str, Any]) -> str:
    """The frame that calls `target` on a client."""
    content = {"type": 1, "target": message["target"], "arguments": message["arguments"]}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False) + _END


def new_connection_id() -> str:
    """A name for a connection that nobody can guess."""
    return secrets.token_urlsafe(16)
