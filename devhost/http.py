"""HTTP triggers: from a request on the wire to the function and back, as an ASGI application.

Sources: "Azure Functions HTTP trigger"; the host's own code for keys, routes and the conversion of requests.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import azure.functions as func
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from devhost.app import AppFunction
from devhost.errors import StartError
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import Keys
from devhost.routing import Router, parse_route, request_path

log = logging.getLogger("devhost")

# What the server says of the body it sends, whatever the function says.
_OF_THE_SERVER = {"content-length", "transfer-encoding", "connection"}


class HttpFunctions:
    """Answers the requests for the HTTP functions of `router`; what is for none of them goes to `otherwise`."""

    def __init__(
        self,
        router: Router[AppFunction],
        invoker: Invoker,
        keys: Keys,
        body_limit: int,
        otherwise: ASGIApp,
    ) -> None:
        self._router = router
        self._invoker = invoker
        self._keys = keys
        self._body_limit = body_limit
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = None
        if scope["type"] == "http":
            found = self._router.find(scope["method"], request_path(scope["raw_path"]))
        answer = self._otherwise if found is None else await self._answer(Request(scope, receive), *found)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, function: AppFunction, route_params: dict[str, str]) -> Response:
        headers = _joined(request.headers.items())
        params = _joined((name, value) for name, value in request.query_params.multi_items() if value)
        given = given_key(headers, params)
        if function.disabled and not self._keys.is_master(given):
            return Response(status_code=404)
        if not self._allowed(function, given):
            return Response(status_code=401)
        body: bytes | None = b""
        # A body whose length is not stated does not reach the worker.
        if "content-length" in headers:
            body = await read_body(request, self._body_limit)
        if body is None:
            return Response(status_code=413)
        handed = func.HttpRequest(
            method=request.method,
            url=_url(request.scope, headers),
            headers=headers,
            params=params,
            route_params=route_params,
            body=body,
        )
        try:
            return _response(await self._invoker.invoke(function, handed))
        except InvocationFailed:
            return Response(status_code=500)
        except (TypeError, ValueError) as error:
            log.error("function=%s returned a response that cannot be sent: %s", function.name, error)
            return Response(status_code=500)

    def _allowed(self, function: AppFunction, given: str) -> bool:
        level = str(function.trigger.fields.get("authLevel", "FUNCTION")).upper()
        if level == "ANONYMOUS":
            return True
        return self._keys.is_master(given) if level == "ADMIN" else self._keys.opens(function.name, given)


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


def given_key(headers: Mapping[str, str], params: Mapping[str, str]) -> str:
    """The key that a caller shows; the header goes before the query."""
    return headers.get("x-functions-key") or params.get("code") or ""


async def read_body(request: Request, limit: int) -> bytes | None:
    """The body; None when it has more than `limit` bytes, or the client went away before its end."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                return None
            parts.append(part)
    except ClientDisconnect:
        return None
    return b"".join(parts)


def _response(result: Any) -> Response:
    if result is None:
        return Response(status_code=204)
    if isinstance(result, str):
        return Response(result, media_type="text/plain")
    if not isinstance(result, func.HttpResponse):
        raise TypeError(f"an HTTP function must return func.HttpResponse or str, not {type(result).__name__}")
    status = int(result.status_code)
    response = Response(b"" if status in (204, 304) else result.get_body(), status)
    for name, value in result.headers.items():
        if name.lower() not in _OF_THE_SERVER:
            response.headers.append(name, str(value))
    if "content-type" not in response.headers:
        charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") else ""
        response.headers["content-type"] = result.mimetype + charset
    return response


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The values of a name that comes more than once, with commas between them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _url(scope: Scope, headers: dict[str, str]) -> str:
    """The URL as it was asked for, nothing decoded."""
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    query = scope["query_string"].decode("latin-1")
    return f"{scope['scheme']}://{host}{scope['raw_path'].decode('latin-1')}{'?' + query if query else ''}"
