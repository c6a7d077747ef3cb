"""The host's own HTTP interface under `/admin`: state, list of functions, and running one by hand.

Source: "Manually run a non HTTP-triggered function".
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from devhost.app import AppFunction
from devhost.bindings import queue_argument, timer_argument
from devhost.http import Receive, Scope, Send, TooLarge, read_body, read_headers, read_query, respond
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import Keys
from devhost.storage import Message

log = logging.getLogger("devhost")

_JSON = [(b"content-type", b"application/json")]
_INPUT_LIMIT = 1_048_576


class Admin:
    """Answers `/admin/...`; everything needs the master key."""

    def __init__(self, functions: list[AppFunction], invoker: Invoker, keys: Keys) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._invoker = invoker
        self._keys = keys
        self._running: set[asyncio.Task[None]] = set()
        self.state = "Starting"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = read_headers(scope)
        given = headers.get("x-functions-key") or read_query(scope).get("code") or ""
        method, parts = scope["method"], scope["path"].strip("/").split("/")[1:]
        if method == "GET" and parts == ["host", "ping"]:
            await respond(scope, send, 200, [])
        elif not given or not self._keys.is_master(given):
            await respond(scope, send, 401, [])
        elif method == "GET" and parts == ["host", "status"]:
            await self._json(scope, send, {"id": "devhost", "state": self.state, "functionCount": len(self._functions)})
        elif method == "GET" and parts == ["functions"]:
            await self._json(scope, send, [_describe(function) for function in self._functions.values()])
        elif len(parts) == 2 and parts[0] == "functions" and (function := self._functions.get(parts[1].lower())):
            if method == "GET":
                await self._json(scope, send, _describe(function))
            elif method == "POST":
                await self._fire(function, scope, receive, send, headers)
            else:
                await respond(scope, send, 404, [])
        else:
            await respond(scope, send, 404, [])

    async def _fire(
        self, function: AppFunction, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]
    ) -> None:
        try:
            body = await read_body(headers, receive, _INPUT_LIMIT)
            given = json.loads(body) if body else {}
            text = given.get("input") or ""
            text = text if isinstance(text, str) else json.dumps(text)
        except TooLarge:
            await respond(scope, send, 413, [])
            return
        except (ValueError, AttributeError):
            await respond(scope, send, 400, _JSON, b'{"error": "send {\\"input\\": \\"text\\"}"}')
            return
        if function.trigger.type == "httptrigger":
            await respond(scope, send, 400, _JSON, b'{"error": "an HTTP function is called by its own route"}')
            return
        if function.trigger.type == "timertrigger":
            argument = timer_argument(str(function.trigger.fields["schedule"]), {}, False)
        else:
            argument = queue_argument(function, Message("manual", "", 1, "", "", "", ""), text.encode())
        task = asyncio.create_task(self._run(function, argument))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # As the real host: the answer says that the function was started, not how it ended.
        await respond(scope, send, 202, [])

    async def _run(self, function: AppFunction, argument: Any) -> None:
        try:
            await self._invoker.invoke(function, argument)
        except InvocationFailed:
            log.warning("function=%s was run by hand and failed", function.name)

    async def finish(self, seconds: float) -> bool:
        """Wait for functions run by hand; True when all have ended."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        return not self._running

    async def _json(self, scope: Scope, send: Send, content: Any) -> None:
        await respond(scope, send, 200, _JSON, json.dumps(content).encode())


def _describe(function: AppFunction) -> dict[str, Any]:
    bindings = [function.trigger, *function.inputs, *function.outputs]
    if function.returns is not None:
        bindings.append(function.returns)
    return {
        "name": function.name,
        "isDisabled": function.disabled,
        "config": {"bindings": [binding.fields for binding in bindings]},
    }
