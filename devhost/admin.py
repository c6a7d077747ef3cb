"""The host's own HTTP interface under `/admin`: state, list of functions, and running one by hand.

Source: "Manually run a non HTTP-triggered function".
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from azure.storage.queue import QueueMessage
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from devhost.app import AppFunction
from devhost.bindings import queue_argument, timer_argument
from devhost.http import given_key, read_body
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import Keys

log = logging.getLogger("devhost")

_INPUT_LIMIT = 1_048_576


class Admin:
    """Answers the paths of `routes`; everything needs the master key.

    The real host keeps all of `/admin`. Here its other paths are left to the page, which is on the same origin.
    """

    def __init__(self, functions: list[AppFunction], invoker: Invoker, keys: Keys) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._invoker = invoker
        self._keys = keys
        self._running: set[asyncio.Task[None]] = set()
        self._router = Router(
            [
                Route("/admin/host/status", self._status),
                Route("/admin/functions", self._list),
                Route("/admin/functions/{name}", self._describe),
                Route("/admin/functions/{name}", self._fire, methods=["POST"]),
            ],
            redirect_slashes=False,
            default=Response(status_code=404),
        )
        self.routes = [
            Route(path, self)
            for path in ("/admin/host/{rest:path}", "/admin/functions", "/admin/functions/{rest:path}")
        ]
        self.state = "Starting"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = HTTPConnection(scope)
        allowed = scope["type"] == "http" and self._keys.is_master(given_key(asked.headers, asked.query_params))
        await (self._router if allowed else Response(status_code=401))(scope, receive, send)

    async def _status(self, _: Request) -> Response:
        return JSONResponse({"id": "devhost", "state": self.state, "functionCount": len(self._functions)})

    async def _list(self, _: Request) -> Response:
        return JSONResponse([_description(function) for function in self._functions.values()])

    async def _describe(self, request: Request) -> Response:
        function = self._functions.get(request.path_params["name"].lower())
        return Response(status_code=404) if function is None else JSONResponse(_description(function))

    async def _fire(self, request: Request) -> Response:
        function = self._functions.get(request.path_params["name"].lower())
        if function is None:
            return Response(status_code=404)
        body = await read_body(request, _INPUT_LIMIT)
        if body is None:
            return Response(status_code=413)
        try:
            given = (json.loads(body) if body else {}).get("input") or ""
        except (ValueError, AttributeError):
            return JSONResponse({"error": 'send {"input": "text"}'}, 400)
        text = given if isinstance(given, str) else json.dumps(given)
        if function.trigger.type == "httptrigger":
            return JSONResponse({"error": "an HTTP function is called by its own route"}, 400)
        if function.trigger.type == "timertrigger":
            argument = timer_argument(str(function.trigger.fields["schedule"]), {}, False)
        else:
            argument = queue_argument(function, QueueMessage(id="manual", dequeue_count=1), text.encode())
        task = asyncio.create_task(self._run(function, argument))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # As the real host: the answer says that the function was started, not how it ended.
        return Response(status_code=202)

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


def _description(function: AppFunction) -> dict[str, Any]:
    bindings = [function.trigger, *function.inputs, *function.outputs]
    if function.returns is not None:
        bindings.append(function.returns)
    return {
        "name": function.name,
        "isDisabled": function.disabled,
        "config": {"bindings": [binding.fields for binding in bindings]},
    }
