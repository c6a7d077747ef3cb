"""Reading JSON that others wrote: getters that never raise, whatever type stands where another was expected.

Webhook bodies differ from their documentation (ids as numbers, JSON inside text, names in another case). These
functions take what can be understood and leave out the rest, so that a strange field never costs a failure.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from rca_core.foundation.errors import MalformedRequest

DEEPEST = 100
"""More levels of nesting than any sender uses; beyond it the body is refused."""

LONGEST_NAME = 1_000
"""Ids, names and other values that are no error text are cut here."""

_COLUMN_SUFFIXES = ("_s", "_g", "_d", "_b", "_t")
_DROPPED_FROM_NAMES = str.maketrans("", "", "_- ")

_NO_IDS = {"none", "null", "nil", "n/a", "na", "unknown", "undefined", "-"}

Columns = dict[str, Any]
"""Values by plain name: lower case, without `_`, `-`, blanks and the type suffix of AzureDiagnostics."""


def decode(body: bytes) -> Any:
    """The JSON document in a request body, which is UTF-8 with or without a byte order mark."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise MalformedRequest("The body is empty; a JSON object was expected.")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8: invalid byte at offset {error.start}.") from None
    try:
        document = _decode_json(body)
    except RecursionError:
        raise MalformedRequest(f"The JSON is nested deeper than {DEEPEST} levels.") from None
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {error}.") from None
    if _is_deeper_than(DEEPEST, document):
        raise MalformedRequest(f"The JSON is nested deeper than {DEEPEST} levels.")
    return document


def _decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        if not any(mark in body for mark in (b"NaN", b"Infinity", b"\\u")):
            raise
    # Python's json.dumps writes NaN and lone surrogates, which are no JSON. A task that failed is worth more than
    # the strictness: such numbers become null, lone surrogates "?".
    loose = json.loads(body, parse_constant=lambda _: None)
    return msgspec.json.decode(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))


def _is_deeper_than(limit: int, value: Any) -> bool:
    layer = [value]
    for _ in range(limit + 1):
        layer = [child for node in layer for child in _children(node) if isinstance(child, dict | list)]
        if not layer:
            return False
    return True


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def text(value: Any) -> str:
    """Text and numbers as text, without surrounding blanks; anything else is `""`."""
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:  # more digits than Python converts
            return ""
    return ""


def name(value: Any) -> str:
    """An id or a name: one line, no control characters, at most LONGEST_NAME characters."""
    plain = text(value)[: 4 * LONGEST_NAME]
    if not plain.isprintable():
        plain = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return plain[:LONGEST_NAME].rstrip()


def identifier(value: Any) -> str:
    """A name that identifies something; what people send when they have no id is none, lest it merge strangers."""
    found = name(value)
    return "" if found.lower() in _NO_IDS else found


def words(value: Any) -> str:
    """An error text, uncut. What should be text but is an object or a list is shown as JSON."""
    if isinstance(value, dict | list) and value:
        return canonical_json(value)
    return text(value)


def first(*values: str) -> str:
    """The first that is not empty."""
    return next((value for value in values if value), "")


def mapping(value: Any) -> dict[str, Any]:
    """The object, or an empty one; an object that was sent as JSON text is read."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = parsed(value)
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The list, or an empty one; a list that was sent as JSON text is read."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = parsed(value)
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def parsed(source: str) -> Any:
    """The value of a JSON text, `None` when it is none."""
    try:
        value = msgspec.json.decode(source)
    except (ValueError, RecursionError):
        return None
    return None if _is_deeper_than(DEEPEST, value) else value


def dig(value: Any, *path: str) -> Any:
    """The value at a path of exact names, `None` where the path breaks off."""
    for step in path:
        value = mapping(value).get(step)
    return value


def plain_name(key: str) -> str:
    """`PipelineName`, `pipelineName_s`, `pipeline_name` and `Pipeline Name` are one name."""
    key = key.strip().lower()
    if key.endswith(_COLUMN_SUFFIXES):
        key = key[:-2]
    return key.translate(_DROPPED_FROM_NAMES)


def columns(*sources: Mapping[str, Any]) -> Columns:
    """The values of several objects by plain name; the earlier object and the first non-empty value win."""
    found: Columns = {}
    for source in sources:
        for key, value in source.items():
            plain = plain_name(key)
            if value not in (None, "") and plain not in found:
                found[plain] = value
    return found


def pick(source: Mapping[str, Any], *keys: str) -> str:
    """The first of these names that holds a usable name."""
    for key in keys:
        if found := name(source.get(key)):
            return found
    return ""


def pick_id(source: Mapping[str, Any], *keys: str) -> str:
    """The first of these names that holds an identifier."""
    return first(*(identifier(source.get(key)) for key in keys))


def utc_time(value: Any) -> str | None:
    """An ISO 8601 time or Unix milliseconds as ISO 8601 UTC with `Z`; `None` when it is neither.

    Azure writes seven fractional digits; Python keeps six. A time without offset is taken as UTC.
    """
    try:
        moment = _moment(value)
        if moment is None:
            return None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if value > 1e11 else value
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    written = text(value)
    return datetime.fromisoformat(written) if 10 <= len(written) <= 40 else None


def canonical_json(value: Any) -> str:
    """JSON with sorted keys: equal values give equal text."""
    return msgspec.json.encode(value, order="deterministic").decode("utf-8")
