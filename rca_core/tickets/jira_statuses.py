"""Which status of a ticket a Jira status stands for.

Jira puts every status into a category (`new`, `indeterminate`, `done`), whatever its name and language; that decides.
Over it lies table `jirastatuses`, in which an operator may give a name another meaning. A status of neither is
unknown: the ticket stays as it is.
"""

import hashlib
from collections.abc import Mapping
from typing import get_args

import msgspec
from azure.data.tables import UpdateMode

from rca_core.foundation.errors import MalformedRequest
from rca_core.foundation.storage import Storage
from rca_core.integrations.jira_shapes import IssueStatus
from rca_core.tickets.ticket import Status

TABLE = "jirastatuses"

_PARTITION = "status"
_LONGEST_NAME = 100
_OF_CATEGORY: dict[str, Status] = {"new": "open", "indeterminate": "in_progress", "done": "acknowledged"}


class NamedStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Jira status by its name, in any case, and what it means for a ticket."""

    name: str
    status: Status


def meaning(status: IssueStatus | None, names: Mapping[str, Status]) -> Status | None:
    """The ticket status that a Jira status stands for; `names` as `named` gives them."""
    if status is None:
        return None
    category = status.category.key if status.category else ""
    return names.get(_folded(status.name)) or _OF_CATEGORY.get(category)


def named(storage: Storage) -> dict[str, Status]:
    """The meanings that an operator gave, by folded name."""
    return {_folded(each.name): each.status for each in listed(storage)}


def listed(storage: Storage) -> list[NamedStatus]:
    """The meanings that an operator gave, by name."""
    rows = storage.table(TABLE).query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
    known = get_args(Status)
    return sorted(
        (NamedStatus(row["name"], row["status"]) for row in rows if row.get("status") in known),
        key=lambda each: _folded(each.name),
    )


def put(storage: Storage, given: NamedStatus) -> NamedStatus:
    """Gives a name a meaning, in place of the one it had; raises MalformedRequest for a name that Jira cannot have."""
    entry = NamedStatus(_checked(given.name), given.status)
    row = {**_key(entry.name), "name": entry.name, "status": entry.status}
    storage.table(TABLE).upsert_entity(row, mode=UpdateMode.REPLACE)
    return entry


def remove(storage: Storage, name: str) -> None:
    """Lets a name mean what its category says; does nothing if it does."""
    key = _key(_checked(name))
    storage.table(TABLE).delete_entity(key["PartitionKey"], key["RowKey"])


def _checked(name: str) -> str:
    folded = " ".join(name.split())
    if not folded or len(folded) > _LONGEST_NAME or not folded.isprintable():
        raise MalformedRequest(f"A status has a name of 1 to {_LONGEST_NAME} printable characters.", field="name")
    return folded


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _key(name: str) -> dict[str, str]:
    """A digest, since names hold characters that a row key must not (`/`, `?`)."""
    return {"PartitionKey": _PARTITION, "RowKey": hashlib.sha256(_folded(name).encode()).hexdigest()}
