"""Pipelines that failed and have no owner (partition `unknown` of table `owners`): a list to be worked off once.

One row a pipeline, noted when a ticket is made without an owner; so the list costs no look at tickets. The tickets are
columns of the row: noting one again changes nothing, and writers do not wait for each other.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation.storage import Storage
from rca_core.tickets.ownership import Pipeline, Rule, deciding, is_unowned, pipeline_of
from rca_core.tickets.ticket import Ticket

TABLE = "owners"
MOST_LISTED = 2_000
# An entity has at most 252 columns of its own ("Understanding the Table service data model"); to know what hurts most,
# this many suffice.
MOST_COUNTED = 100

_PARTITION = "unknown"
_COUNTED = "t_"
_AT_ONCE = 8


class Unowned(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline without an owner: how many tickets it has made (`or_more` if not all are counted), and the last.

    `pipeline` is its full name (`factory/pipeline`, `DAG/task`).
    """

    source: str
    pipeline: str
    tickets: int
    or_more: bool
    last_ticket: str
    last_seen: str


class UnownedList(msgspec.Struct, frozen=True):
    """Those with most tickets first; `complete` is false if there are more than can be listed."""

    items: list[Unowned]
    complete: bool


def note_unknown(storage: Storage, ticket: Ticket) -> None:
    """Puts the ticket's pipeline on the list if nobody owns it; to be called once the ticket is stored."""
    if not is_unowned(ticket.finops_team, ticket.finops_owner):
        return
    table, pipeline = storage.table(TABLE), pipeline_of(ticket)
    row = {"PartitionKey": _PARTITION, "RowKey": _key(pipeline), **pipeline._asdict()}
    try:
        known = dict(table.get_entity(_PARTITION, row["RowKey"]))
    except ResourceNotFoundError:
        known = {}
    column = _COUNTED + ticket.id.replace("-", "_")
    if column in known:
        return
    if ticket.timestamp >= known.get("last_seen", ""):
        row |= {"last_ticket": ticket.id, "last_seen": ticket.timestamp}
    if _count(known) < MOST_COUNTED:
        row[column] = ""
    table.upsert_entity(row, mode=UpdateMode.MERGE)


def list_unowned(storage: Storage, rules: Sequence[Rule]) -> UnownedList:
    """The pipelines without an owner that none of the `ordered` rules names."""
    found = _rows(storage)
    items = [_unowned(row) for row in found if deciding(rules, _pipeline(row)) is None]
    items.sort(key=lambda item: (item.tickets, item.last_seen), reverse=True)
    return UnownedList(items, complete=len(found) < MOST_LISTED)


def forget_owned(storage: Storage, rules: Sequence[Rule]) -> None:
    """Takes off the list what one of the `ordered` rules names."""
    table = storage.table(TABLE)
    owned = [row["RowKey"] for row in _rows(storage) if deciding(rules, _pipeline(row)) is not None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda key: table.delete_entity(_PARTITION, key), owned))


def _rows(storage: Storage) -> list[dict[str, Any]]:
    found = storage.table(TABLE).query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
    return list(islice(found, MOST_LISTED))


def _pipeline(row: dict[str, Any]) -> Pipeline:
    return Pipeline(*(row[name] for name in Pipeline._fields))


def _unowned(row: dict[str, Any]) -> Unowned:
    counted = _count(row)
    return Unowned(
        source=row["source"],
        pipeline=row["full"],
        tickets=counted,
        or_more=counted >= MOST_COUNTED,
        last_ticket=row["last_ticket"],
        last_seen=row["last_seen"],
    )


def _count(row: dict[str, Any]) -> int:
    return sum(name.startswith(_COUNTED) for name in row)


def _key(pipeline: Pipeline) -> str:
    # A source contains no blank, so no two pipelines give one text.
    return hashlib.sha256(f"{pipeline.source} {pipeline.full}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
