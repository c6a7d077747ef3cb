"""Turns what a trigger received into a function's argument, and what a function set into texts to send.

Arguments are converted by `azure.functions` itself, the way the Python worker does it. The text rules for
queue outputs are the host's: see `queue_texts`.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
from typing import Any, Generic, TypeVar

import azure.functions as func
from azure.functions.meta import Datum, get_binding_registry
from azure.storage.queue import QueueMessage

from devhost.app import AppFunction, Binding
from devhost.errors import InvocationError

T = TypeVar("T")

_EXPRESSION = re.compile(r"\{([^{}]+)\}")


class Out(func.Out[T], Generic[T]):
    """What a `func.Out[...]` parameter receives: remembers the last value set."""

    def __init__(self) -> None:
        self._value: T | None = None

    def set(self, val: T) -> None:
        """Keep a value, in place of the one before."""
        self._value = val

    def get(self) -> T | None:  # type: ignore[override]
        """The value kept, or None."""
        return self._value


def queue_argument(function: AppFunction, message: QueueMessage, body: bytes) -> Any:
    """The argument of a queue function: `str`, `bytes` or `func.QueueMessage`, as annotated."""
    annotation = function.annotations.get(function.trigger.name)
    if annotation is bytes:
        return body
    text = body.decode("utf-8", "replace")
    if annotation is str:
        return text
    metadata = {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        "PopReceipt": Datum(message.pop_receipt or "", "string"),
    }
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    # A function that is run by hand has a message without times.
    metadata.update((name, Datum(_iso(at), "string")) for name, at in times.items() if at)
    binary = str(function.trigger.fields.get("dataType", "")).upper() == "BINARY"
    datum = Datum(body, "bytes") if binary else Datum(text, "string")
    return get_binding_registry().get("queueTrigger").decode(datum, trigger_metadata=metadata)


def timer_argument(schedule: str, status: dict[str, str], past_due: bool) -> Any:
    """The argument of a timer function."""
    info = {"Schedule": {"Schedule": schedule}, "ScheduleStatus": status, "IsPastDue": past_due}
    return get_binding_registry().get("timerTrigger").decode(Datum(json.dumps(info), "json"), trigger_metadata=None)


def decode_text(text: str, is_base64: bool) -> bytes | None:
    """The body of a stored message, or None when it should be base64 and is not."""
    if not is_base64:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def encode_text(body: bytes, is_base64: bool) -> str:
    """What to store for a message body."""
    return base64.b64encode(body).decode() if is_base64 else body.decode("utf-8", "replace")


def queue_texts(value: Any) -> list[bytes]:
    """The message bodies that a value set on a queue output gives, by the host's rules for text.

    A text that looks like JSON is parsed: an array becomes one message for each element, an object is written
    again (so its bytes are not kept). Bytes, other texts, and the elements of a list of texts stay as given.
    """
    try:
        datum = get_binding_registry().get("queue").encode(value, expected_type=None)
    except NotImplementedError:
        raise InvocationError(f"a value of type {type(value).__name__} cannot be written to a queue") from None
    if datum.type == "bytes":
        return [datum.value]
    if datum.type == "json":
        parsed = json.loads(datum.value)
        items = parsed if isinstance(parsed, list) else [parsed]
        return [_text(item["body"] if isinstance(item, dict) and "body" in item else item) for item in items]
    trimmed = datum.value.strip()
    if (trimmed[:1], trimmed[-1:]) in (("{", "}"), ("[", "]")):
        try:
            parsed = json.loads(trimmed)
        except ValueError:
            return [datum.value.encode()]
        return [_text(item) for item in parsed] if isinstance(parsed, list) else [_text(parsed)]
    return [datum.value.encode()]


def signalr_messages(value: Any) -> list[dict[str, Any]]:
    """The SignalR messages and group actions in a value set on a `signalR` output; checks their shape."""
    try:
        parsed = json.loads(value) if isinstance(value, (str, bytes)) else value
    except ValueError:
        raise InvocationError("a signalR output must be JSON") from None
    items = parsed if isinstance(parsed, list) else [parsed]
    for item in items:
        is_message = isinstance(item, dict) and isinstance(item.get("target"), str) and item["target"]
        is_action = isinstance(item, dict) and item.get("action") in ("add", "remove", "removeAll")
        if not is_message and not is_action:
            raise InvocationError("a signalR output must be {target, arguments} or {userId, groupName, action}")
        if is_message and not isinstance(item.get("arguments"), list):
            raise InvocationError("a signalR message needs arguments, a list")
    return items


def resolve(text: str, binding: Binding, request: func.HttpRequest | None) -> str:
    """Replace `{headers.x}` and `{query.x}` by what the request holds; InvocationError when it holds none."""

    def value(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        source = None
        if request is not None:
            source = {"headers": request.headers, "query": request.params}.get(kind.lower())
        found: str | None = None if source is None else source.get(name)
        if found is None:
            raise InvocationError(f"binding '{binding.name}': '{match[0]}' cannot be resolved from this request")
        return found

    return _EXPRESSION.sub(value, text)


def _text(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    return json.dumps(item, indent=2 if isinstance(item, dict) else None, ensure_ascii=False).encode()


def _iso(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
