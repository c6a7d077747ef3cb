"""Rows and blobs as lines of JSON, and back, with nothing lost.

A row is written as the Table service writes it ("Payload format for Table service operations", Azure docs): what JSON
has no type for is text with its type beside it, `"<column>@odata.type": "Edm.Int64"`.
"""

import base64
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from azure.data.tables import EdmType, EntityProperty

_TYPE = "@odata.type"


class BlobLine(msgspec.Struct, frozen=True):
    """A blob: its name in the container, and its content."""

    name: str
    content: bytes


def row_line(row: Mapping[str, Any]) -> bytes:
    """The row as a line."""
    columns: dict[str, Any] = {}
    for name, value in row.items():
        text, kind = _typed(value)
        columns[name] = text
        if kind is not None:
            columns[f"{name}{_TYPE}"] = kind.value
    return msgspec.json.encode(columns) + b"\n"


def row_of(line: bytes) -> dict[str, Any]:
    """The row that `row_line` wrote; raises msgspec.DecodeError, and ValueError for a type that does not exist."""
    columns = msgspec.json.decode(line, type=dict[str, Any])
    return {
        name: _value(value, columns.get(f"{name}{_TYPE}"))
        for name, value in columns.items()
        if not name.endswith(_TYPE)
    }


def blob_line(name: str, content: bytes) -> bytes:
    """The blob as a line, its content in base64."""
    return msgspec.json.encode(BlobLine(name, content)) + b"\n"


def blob_of(line: bytes) -> BlobLine:
    """The blob that `blob_line` wrote; raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=BlobLine)


def _typed(value: Any) -> tuple[Any, EdmType | None]:
    """What JSON can hold of a value, and its type if that does not tell it."""
    match value:
        case EntityProperty():
            return str(value.value), EdmType(value.edm_type)
        case bytes():
            return base64.b64encode(value).decode(), EdmType.BINARY
        case datetime():
            # The service has seven digits of a second, Python six.
            told = getattr(value, "tables_service_value", "")
            return told or value.isoformat().replace("+00:00", "Z"), EdmType.DATETIME
        case UUID():
            return str(value), EdmType.GUID
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity", EdmType.DOUBLE
        case _:
            return value, None


def _value(value: Any, kind: str | None) -> Any:
    if kind is None:
        return value
    if EdmType(kind) is EdmType.BINARY:
        return base64.b64decode(value)
    return EntityProperty(value, EdmType(kind))
