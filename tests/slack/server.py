"""A local HTTP server that behaves like Slack's Web API: it keeps messages, checks them as Slack does, limits rates,
fails on demand, and can press a button of a message.
"""

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

CHANNEL = "C0ALERTS"
BOT_TOKEN = "-".join(("xoxb", "1111", "planted"))
SIGNING_SECRET = "signing" + "-secret-now"
PERSON = {"id": "W111", "username": "primary-owner", "name": "primary-owner", "team_id": "T111"}


@dataclass
class Posted:
    """A message as Slack has it; `edits` counts how often it was edited."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    thread_ts: str | None = None
    edits: int = 0

    @property
    def shown(self) -> str:
        """All of its text."""
        return "\n".join(texts(self.blocks))

    @property
    def buttons(self) -> list[dict[str, Any]]:
        return [element for block in self.blocks if block["type"] == "actions" for element in block["elements"]]

    def button(self, action_id: str) -> dict[str, Any]:
        return next(button for button in self.buttons if button["action_id"] == action_id)


@dataclass
class Call:
    method: str
    arguments: dict[str, Any]
    at: float
    answer: dict[str, Any] = field(default_factory=dict)


class Fault:
    """What may go wrong, besides the codes that Slack answers with `ok: false`."""

    NONE = ""
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    MALFORMED = "malformed"
    LIST = "a list"
    NOT_UTF8 = "not UTF-8"
    SILENT_OK = "ok without more"
    REDIRECT = "redirect"
    SLOW = "slow"
    LOST_BEFORE = "connection lost before the call was carried out"
    LOST_AFTER = "connection lost after the call was carried out"


class SlackServer:
    """`now` tells the time in seconds; `per_second` calls that write are taken for each channel, if it is set."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.per_second: int | None = None
        self.retry_after = 30
        self.page = 200
        self.channels = {CHANNEL}
        self.messages: list[Posted] = []
        self.calls: list[Call] = []
        self.whispers: list[dict[str, Any]] = []
        self._faults: dict[str, deque[str]] = defaultdict(deque)
        self._taken: dict[str, deque[float]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer._answer(self, urlsplit(self.path).path, body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.api_base_url = f"{self.url}/api/"
        self.response_url = f"{self.url}/actions/T111/111/random"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def fail(self, method: str, *faults: str) -> None:
        """The next calls of this method (or `whisper`) go wrong, one after the other."""
        self._faults[method].extend(faults)

    def delete(self, message: Posted) -> None:
        """Somebody deletes a message."""
        self.messages.remove(message)

    def cards(self, channel: str | None = None) -> list[Posted]:
        """The messages that are in no thread."""
        return [one for one in self.messages if one.thread_ts is None and channel in (None, one.channel)]

    def replies(self, card: Posted) -> list[Posted]:
        """The messages in its thread."""
        return [one for one in self.messages if one.thread_ts == card.ts and one.channel == card.channel]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def pressed(self, message: Posted, action_id: str, user: dict[str, str] | None = None) -> dict[str, Any]:
        """What Slack sends when somebody presses this button."""
        button = message.button(action_id)
        return {
            "type": "block_actions",
            "user": user or PERSON,
            "api_app_id": "A111",
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "trigger_id": "111.222.valid",
            "channel": {"id": message.channel, "name": "alerts"},
            "response_url": self.response_url,
            "actions": [{**button, "block_id": "rca_actions", "action_ts": "1596530385.194939"}],
        }

    def press(
        self, url: str, message: Posted, action_id: str, *, secret: str = SIGNING_SECRET, **more: Any
    ) -> httpx.Response:
        """Presses a button: Slack posts a signed interaction to `url`."""
        body, headers = signed(self.pressed(message, action_id, **more), secret=secret)
        return httpx.post(url, content=body, headers=headers, timeout=3)

    def _answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> None:
        if path.startswith("/actions/"):
            if self._faults["whisper"]:
                return _fail(handler, self._faults["whisper"].popleft())
            self.whispers.append(json.loads(body))
            return _send(handler, 200, b"ok", "text/plain")
        method = path.removeprefix("/api/")
        arguments = _arguments(handler, body)
        call = Call(method, arguments, self.now())
        with self._lock:
            self.calls.append(call)
            fault = (self._faults[method].popleft() if self._faults[method] else None) or None
            limited = fault == Fault.RATE_LIMITED or (fault is None and self._over_limit(method, arguments))
            if not limited and fault in (None, Fault.LOST_AFTER):
                call.answer = self._carry_out(handler, method, arguments)
        if limited:
            wait = {"Retry-After": str(self.retry_after)}
            return _send(handler, 429, b'{"ok": false, "error": "ratelimited"}', headers=wait)
        return _fail(handler, fault) if fault else _send(handler, 200, json.dumps(call.answer).encode())

    def _over_limit(self, method: str, arguments: dict[str, Any]) -> bool:
        if self.per_second is None or not method.startswith("chat."):
            return False
        taken = self._taken[arguments["channel"]]
        while taken and taken[0] <= self.now() - 1:
            taken.popleft()
        if len(taken) >= self.per_second:
            return True
        taken.append(self.now())
        return False

    def _carry_out(self, handler: BaseHTTPRequestHandler, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if handler.headers["Authorization"] != f"Bearer {BOT_TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if method == "auth.test":
            return {"ok": True, "user": "rca", "user_id": "U0RCA", "team": "T111", "bot_id": "B111"}
        if arguments.get("channel") not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        if method in ("chat.postMessage", "chat.update") and (wrong := wrong_with(arguments)):
            return {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [wrong]}}
        carry_out = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }.get(method)
        return carry_out(arguments) if carry_out else {"ok": False, "error": "unknown_method"}

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, thread = arguments["channel"], arguments.get("thread_ts")
        if thread and not self._at(channel, thread):
            return {"ok": False, "error": "thread_not_found"}
        ts = f"{int(self.now())}.{next(self._numbers):06d}"
        self.messages.append(
            Posted(channel, ts, arguments["text"], arguments["blocks"], arguments.get("metadata") or {}, thread)
        )
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": arguments["text"]}}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        message = self._at(arguments["channel"], arguments["ts"])
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        message.text, message.blocks = arguments["text"], arguments["blocks"]
        message.metadata = arguments.get("metadata") or {}
        message.edits += 1
        return {"ok": True, "channel": message.channel, "ts": message.ts, "text": message.text}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
        found = [one for one in self.cards(arguments["channel"]) if oldest <= float(one.ts) <= latest]
        return self._paged(found[::-1], arguments)

    def _replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        card = self._at(arguments["channel"], arguments["ts"])
        if card is None:
            return {"ok": False, "error": "thread_not_found"}
        return self._paged([card, *self.replies(card)], arguments)

    def _paged(self, found: list[Posted], arguments: dict[str, Any]) -> dict[str, Any]:
        start, size = int(arguments.get("cursor") or 0), min(self.page, int(arguments.get("limit") or 100))
        end = start + size
        with_metadata = arguments.get("include_all_metadata") in ("1", "true")
        return {
            "ok": True,
            "messages": [
                {
                    "type": "message",
                    "ts": one.ts,
                    "text": one.text,
                    **({"metadata": one.metadata} if with_metadata and one.metadata else {}),
                }
                for one in found[start:end]
            ],
            "has_more": end < len(found),
            "response_metadata": {"next_cursor": str(end) if end < len(found) else ""},
        }

    def _at(self, channel: str, ts: str) -> Posted | None:
        return next((one for one in self.messages if (one.channel, one.ts) == (channel, ts)), None)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(now: Callable[[], float] = time.time) -> Iterator[SlackServer]:
    server = SlackServer(now)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def signed(
    payload: Any, *, secret: str = SIGNING_SECRET, at: float | str | None = None
) -> tuple[bytes, dict[str, str]]:
    """A request as Slack signs it: body and headers. `payload` as JSON in a form, or bytes as they are."""
    body = payload if isinstance(payload, bytes) else urlencode({"payload": json.dumps(payload)}).encode()
    stamp = at if isinstance(at, str) else str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def texts(part: Any) -> Iterator[str]:
    """All text in a block, or in a list of them."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from texts(inner)


def wrong_with(message: dict[str, Any]) -> str:
    """What Slack would not take of a message ("Reference: blocks", Slack developer documentation); `""` if nothing."""
    blocks = message.get("blocks")
    if not message.get("text") or not blocks or len(blocks) > 50:
        return "no text, no blocks, or too many"
    if sum(_units(text) for text in texts(blocks)) > 13_000:
        return "too much text"
    return next(filter(None, map(_wrong_with_block, blocks)), "")


def _wrong_with_block(block: dict[str, Any]) -> str:
    limits = {"header": 150, "section": 3_000}
    if block["type"] in limits and "text" in block and not 0 < _units(block["text"]["text"]) <= limits[block["type"]]:
        return f"text of a {block['type']}"
    if block["type"] == "header" and block["text"]["type"] != "plain_text":
        return "a header is plain text"
    fields = block.get("fields", [])
    if len(fields) > 10 or any(not 0 < _units(one["text"]) <= 2_000 for one in fields):
        return "fields"
    elements = block.get("elements", [])
    if block["type"] == "context" and not 0 < len(elements) <= 10:
        return "elements of a context"
    for button in elements if block["type"] == "actions" else []:
        value, url = button.get("value", ""), button.get("url", "")
        if len(button["text"]["text"]) > 75 or len(value) > 2_000 or len(url) > 3_000 or len(button["action_id"]) > 255:
            return "a button"
    return "" if all(texts(block)) else "empty text"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _arguments(handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    if "json" in (handler.headers["Content-Type"] or ""):
        arguments: dict[str, Any] = json.loads(body)
        return arguments
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}


def _fail(handler: BaseHTTPRequestHandler, fault: str) -> None:
    if fault == Fault.SLOW:
        time.sleep(1)
    if fault in (Fault.SLOW, Fault.LOST_BEFORE, Fault.LOST_AFTER):
        handler.close_connection = True
        return None
    answers = {
        Fault.SERVER_ERROR: (500, b"<html>Internal Server Error</html>", {}),
        Fault.MALFORMED: (200, b'{"ok": tru', {}),
        Fault.LIST: (200, b"[1, 2]", {}),
        Fault.NOT_UTF8: (200, b"\xff\xfe\x00", {}),
        Fault.SILENT_OK: (200, b'{"ok": true}', {}),
        Fault.REDIRECT: (302, b"", {"Location": "https://elsewhere.example.com/api"}),
    }
    said = json.dumps({"ok": False, "error": fault, "needed": "chat:write"}).encode()
    status, body, headers = answers.get(fault, (200, said, {}))
    return _send(handler, status, body, headers=headers)


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
