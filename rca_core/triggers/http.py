"""Between HTTP and the program: JSON answers, parameters, and errors as problem documents (RFC 9457)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import uuid4

import azure.functions as func
import msgspec
from azure.core.exceptions import AzureError, ResourceNotFoundError

from rca_core import services
from rca_core.access import origins
from rca_core.access.roles import CALLERS
from rca_core.foundation import clock, logs
from rca_core.foundation.errors import (
    LengthRequired,
    MalformedRequest,
    PayloadTooLarge,
    RcaError,
    SettingsError,
    TransientError,
)
from rca_core.foundation.settings import settings
from rca_core.triggers import guard

MAX_BODY_BYTES = 1024 * 1024

_LONGEST_WORD = 200

# Of every answer. Nothing the app answers is a page: whatever a browser makes of it, it loads and runs nothing
# ("Content Security Policy Cheat Sheet", OWASP).
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_HTTPS_ONLY = "max-age=31536000"

Handler = Callable[..., func.HttpResponse]
Body = TypeVar("Body")
Word = TypeVar("Word", bound=str)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of every error answer (RFC 9457). `field` is the path of what was wrong; the log has `request_id`."""

    title: str
    status: int
    detail: str
    request_id: str
    field: str | None = None


def endpoint(handler: Handler) -> Handler:
    """Lets pass who may call (`guard`), and turns whatever `handler` raises into a problem document.

    Raises TypeError, when the app is loaded, for a handler of which `roles` does not say who may call it.
    """
    if handler.__name__ not in CALLERS:
        raise TypeError(f"rca_core.access.roles does not say who may call {handler.__name__}")

    @wraps(handler)
    def answer(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        request_id = uuid4().hex
        with logs.request(request_id):
            response = _answered(handler, req, bindings, request_id)
            response.headers.update(_headers_of_all(req, request_id))
        return response

    return answer


def _answered(handler: Handler, req: func.HttpRequest, bindings: dict[str, Any], request_id: str) -> func.HttpResponse:
    """The answer, whatever happens; nothing that is raised reaches the host.

    The host answers an exception with 500, and senders drop what was answered 500 ("Action groups", Azure Monitor
    documentation: 408, 429, 503 and 504 are retried), so storage trouble must be answered 503 here.
    """
    name = handler.__name__
    try:
        guard.admit(req, name)
        return handler(req, **bindings)
    except RcaError as error:
        if error.status >= 500:
            logs.failure("request-failed", error, function=name)
        if error.status in (401, 403):
            address = guard.client_address(req)
            logs.warning("call-refused", function=name, status=error.status, address=address, reason=error.detail)
        return _problem(error, request_id)
    except AzureError as error:
        if isinstance(error, ResourceNotFoundError):
            services.storage().forget()
        logs.failure("storage-trouble", error, function=name)
        return _problem(TransientError("Storage does not answer as it should. Send the same again."), request_id)
    except Exception as error:  # noqa: BLE001 - the last door: logged with its stack, answered without it
        logs.failure("request-crashed", error, function=name)
        return _problem(RcaError("A fault of ours; it is logged under the request id."), request_id)


def _headers_of_all(req: func.HttpRequest, request_id: str) -> dict[str, str]:
    headers = {"X-Request-Id": request_id, **_SECURITY_HEADERS}
    if guard.is_https(req):
        headers["Strict-Transport-Security"] = _HTTPS_ONLY
    if "origin" in req.headers:
        headers["Vary"] = "Origin"
        with suppress(SettingsError):  # the answer says so already
            headers |= origins.cors_headers(req.headers, guard.allowed_origins(req, settings()))
    return headers


def json_response(content: Any, status: int = 200) -> func.HttpResponse:
    """`content` as JSON."""
    return func.HttpResponse(
        msgspec.json.encode(content),
        status_code=status,
        mimetype="application/json",
        headers={"Cache-Control": "no-store"},
    )


def body_of(req: func.HttpRequest) -> bytes:
    """The raw body; raises PayloadTooLarge over 1 MiB, LengthRequired for a chunked one.

    The Functions host forwards a body only if it has a Content-Length ("azure-functions-host",
    GrpcMessageConversionExtensions), so a chunked body arrives empty: better to say so than to call it empty.
    """
    body = req.get_body() or b""
    if len(body) > MAX_BODY_BYTES:
        raise PayloadTooLarge(
            f"The body has {len(body):,} bytes; the limit is {MAX_BODY_BYTES:,}. Send fewer alerts or a shorter log."
        )
    if not body and "chunked" in req.headers.get("transfer-encoding", "").lower():
        raise LengthRequired("A chunked body does not arrive here. Send it with a Content-Length header.")
    return body


def json_body(req: func.HttpRequest, kind: type[Body]) -> Body:
    """The body as a `kind`; raises MalformedRequest that names the field."""
    try:
        return msgspec.json.decode(body_of(req), type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise MalformedRequest(message, field=path.rstrip("`") or None) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest(f"The body is not JSON: {error}") from error


def integer(req: func.HttpRequest, name: str, *, default: int, most: int) -> int:
    """The query parameter `name` as a number from 1 to `most`."""
    text = req.params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise MalformedRequest(f"Parameter '{name}' is a whole number from 1 to {most}.", field=name)
    return int(text)


def word(req: func.HttpRequest, name: str) -> str:
    """The query parameter `name`, `""` if it is not given; raises MalformedRequest if it is very long."""
    text: str = req.params.get(name, "")
    if len(text) > _LONGEST_WORD:
        raise MalformedRequest(f"Parameter '{name}' has more than {_LONGEST_WORD} characters.", field=name)
    return text


def choice(req: func.HttpRequest, name: str, choices: tuple[Word, ...]) -> Word | None:
    """The query parameter `name`, one of `choices`, or None if it is not given."""
    text = req.params.get(name)
    if text is None:
        return None
    for word in choices:
        if word == text:
            return word
    raise MalformedRequest(f"Parameter '{name}' is one of: {', '.join(choices)}.", field=name)


def choices(req: func.HttpRequest, name: str, known: tuple[Word, ...]) -> tuple[Word, ...]:
    """The query parameter `name`: some of `known`, separated by commas; none of them if it is not given."""
    text = req.params.get(name)
    if text is None:
        return ()
    asked = {each.strip() for each in text.split(",")}
    if not asked <= set(known):
        raise MalformedRequest(
            f"Parameter '{name}' is one of these, or several separated by commas: {', '.join(known)}.", field=name
        )
    return tuple(each for each in known if each in asked)


def names(req: func.HttpRequest, name: str) -> frozenset[str]:
    """The query parameter `name` as names separated by commas, and as a whole: a name may have a comma in it."""
    text = word(req, name).strip()
    return frozenset({text, *(each.strip() for each in text.split(","))}) - {""}


def moment(req: func.HttpRequest, name: str) -> datetime | None:
    """The query parameter `name` as a time; a day, and a time without zone, is in UTC. None if it is not given."""
    text = word(req, name)
    if not text:
        return None
    try:
        at = clock.from_iso(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise MalformedRequest(
            f"Parameter '{name}' is a time such as 2026-11-23T07:44:41Z, or a day such as 2026-11-23.", field=name
        ) from None


def _problem(error: RcaError, request_id: str) -> func.HttpResponse:
    document = Problem(error.title, error.status, error.detail, request_id, error.field)
    headers = {"Cache-Control": "no-store"}
    if error.status == 401:
        # Without it, a 401 is not one (RFC 9110). No scheme that a browser would open a window for.
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TransientError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return func.HttpResponse(
        msgspec.json.encode(document),
        status_code=error.status,
        mimetype="application/problem+json",
        headers=headers,
    )
