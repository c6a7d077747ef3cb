"""HTTP triggers: from a request on the wire to the function and back, as an ASGI application.

Sources: "Azure Functions HTTP trigger"; the host's own code for keys, routes and the conversion of requests.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func

from devhost.app import AppFunction
from devhost.cors import Cors
from devhost.errors import StartError
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import Keys
from devhost.routing import Router, parse_route, request_path

log = logging.getLogger("devhost")
access_log = logging.getLogger("devhost.access")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Fallback = Callable[[Scope, Receive, Send], Awaitable[bool]]

_KEY_HEADER = "x-functions-key"


class TooLarge(Exception):
    """The request body is larger than allowed."""


class HttpFunctions:
    """Answers the requests for the app's HTTP functions."""

    def __init__(
        self, functions: list[AppFunction], prefix: str, invoker: Invoker, keys: Keys, cors: Cors, body_limit: int
    ) -> None:
        self._invoker = invoker
        self._keys = keys
        self._cors = cors
        self._body_limit = body_limit
        self._router = build_router(functions, prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, fallback: Fallback) -> None:
        """Answer one request; a path that is no function's goes to `fallback`, which may decline it."""
        method = scope["method"]
        headers = read_headers(scope)
        if self._cors.is_preflight(method, headers):
            await respond(scope, send, 204, self._cors.headers(headers, preflight=True))
            return
        found = self._router.find(method, request_path(scope["raw_path"]))
        if found is None:
            if not await fallback(scope, receive, send):
                await respond(scope, send, 404, self._cors.headers(headers))
            return
        function, route_params = found
        params = read_query(scope)
        given = headers.get(_KEY_HEADER) or params.get("code") or ""
        status, body = 404, b""
        extra: Headers = []
        if function.disabled and not self._keys.is_master(given):
            pass
        elif not self._allowed(function, given):
            status = 401
        else:
            try:
                content = await read_body(headers, receive, self._body_limit)
            except TooLarge:
                status = 413
            else:
                request = func.HttpRequest(
                    method=method,
                    url=_url(scope, headers),
                    headers=headers,
                    params=params,
                    route_params=route_params,
                    body=content,
                )
                status, extra, body = await self._run(function, request)
        await respond(scope, send, status, extra + self._cors.headers(headers), body)

    def _allowed(self, function: AppFunction, given: str) -> bool:
        level = str(function.trigger.fields.get("authLevel", "FUNCTION")).upper()
        if level == "ANONYMOUS":
            return True
        if not given:
            return False
        return self._keys.is_master(given) if level == "ADMIN" else self._keys.opens(function.name, given)

    async def _run(self, function: AppFunction, request: func.HttpRequest) -> tuple[int, Headers, bytes]:
        try:
            return _answer(await self._invoker.invoke(function, request))
        except InvocationFailed:
            return 500, [], b""
        except (TypeError, ValueError, UnicodeError) as error:
            log.error("function=%s returned a response that cannot be sent: %s", function.name, error)
            return 500, [], b""


def build_router(functions: list[AppFunction], prefix: str) -> Router[AppFunction]:
    """The routes of all HTTP functions. Raises StartError for one that the real host would refuse."""
    router: Router[AppFunction] = Router()
    for function in functions:
        if function.trigger.type != "httptrigger":
            continue
        where = f"function {function.name}"
        text = str(function.trigger.fields.get("route", function.name)).strip("/")
        if text.lower().startswith(("admin", "runtime")):
            raise StartError(f"{where}: route '{text}' must not start with 'admin' or 'runtime' (kept for the host)")
        methods = function.trigger.fields.get("methods")
        chosen = frozenset(str(m).upper() for m in methods) if methods else None
        try:
            router.add(parse_route(f"{prefix}/{text}".strip("/"), where), chosen, function)
        except StartError as error:
            raise StartError(f"{where}: {error}") from None if where not in str(error) else error
    return router


def read_headers(scope: Scope) -> dict[str, str]:
    """Names in small letters, repeats joined by commas, empty values dropped."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        if value := raw_value.decode("latin-1"):
            name = raw_name.decode("latin-1").lower()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def read_query(scope: Scope) -> dict[str, str]:
    """Repeats joined by commas, empty values dropped."""
    params: dict[str, str] = {}
    if scope["query_string"]:
        for name, value in parse_qsl(scope["query_string"].decode("latin-1")):
            params[name] = f"{params[name]},{value}" if name in params else value
    return params


async def read_body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """The body; empty when its length was not stated, as in the real host. Raises TooLarge."""
    stated = headers.get("content-length")
    if stated is not None and stated.isdigit() and int(stated) > limit:
        raise TooLarge
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise TooLarge
        more = message.get("more_body", False)
    return b"".join(parts) if stated is not None else b""


async def respond(scope: Scope, send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    """Send a whole response, and one access log line (without the query, which may hold a key)."""
    if status >= 200 and status not in (204, 304):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    else:
        body = b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
    if access_log.isEnabledFor(logging.INFO):
        took = (time.monotonic() - scope["started"]) * 1000
        access_log.info("%s %s %d %.1f ms", scope["method"], scope["path"], status, took)


def _answer(result: Any) -> tuple[int, Headers, bytes]:
    if result is None:
        return 204, [], b""
    if isinstance(result, str):
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], result.encode()
    if not isinstance(result, func.HttpResponse):
        raise TypeError(f"an HTTP function must return func.HttpResponse or str, not {type(result).__name__}")
    headers: Headers = []
    has_type = False
    for name, value in result.headers.items():
        small = name.lower()
        has_type = has_type or small == "content-type"
        # The length is that of the body sent, whatever the function says.
        if small not in ("content-length", "transfer-encoding", "connection"):
            headers.append((name.encode("latin-1"), str(value).encode("latin-1")))
    body = result.get_body()
    if not has_type:
        charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") else ""
        headers.append((b"content-type", (result.mimetype + charset).encode("latin-1")))
    return int(result.status_code), headers, body


def _url(scope: Scope, headers: dict[str, str]) -> str:
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return f"{scope['scheme']}://{host}{path}{'?' + query if query else ''}"
