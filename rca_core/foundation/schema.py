"""The version of the stored data's schema, written with every row that is read in order to be changed.

A release reads what earlier ones wrote. What a later one wrote it refuses, since it would write back less than it read:
so a release that is rolled back, or one instance that is late in an update, spoils nothing.
"""

from collections.abc import Mapping
from typing import Any

from rca_core.foundation.errors import TransientError

SCHEMA = 1
"""Raise it with every change of the rows that an earlier release could not read, or would lose when it writes them
back; then `python -m rca_core.upkeep upgrade` rewrites what is stored (docs/upkeep.md)."""

COLUMN = "schema"


class NewerData(TransientError):
    """A row was written by a later release. Worth trying again: the instance that comes next may be of that release."""


def stamped(entity: dict[str, Any]) -> dict[str, Any]:
    """The row with the version of the schema that it follows."""
    return {**entity, COLUMN: SCHEMA}


def refuse_newer(entity: Mapping[str, Any]) -> None:
    """Raises NewerData if a later release wrote the row. One without a version is the oldest."""
    if version_of(entity) > SCHEMA:
        raise NewerData(
            f"Row {entity.get('RowKey')!r} follows schema {version_of(entity)} of the stored data, this release knows"
            f" {SCHEMA}: deploy the release that wrote it, or a later one. Nothing was changed.",
            retry_after_seconds=30,
        )


def version_of(entity: Mapping[str, Any]) -> int:
    """The version of the schema that a row follows; 0 if it was written before there were versions."""
    return int(entity.get(COLUMN, 0))
