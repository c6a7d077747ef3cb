"""Many rows of one table, a hundred of a partition at a time ("Performing entity group transactions", Azure docs)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient, TableTransactionError

AT_ONCE = 8
"""Calls to storage."""

MOST = 100
"""Operations in a transaction."""

# A transaction may have 4 MiB; as they are sent, a row may take twice what `json` says.
_MOST_BYTES = 1_500_000
_HTTP_CONFLICT = 409

Row = Mapping[str, Any]
Thing = TypeVar("Thing")


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows, which come sorted by their keys, cut where the partition changes or a transaction would be full.

    A transaction may not have two operations on one row: of rows with the same keys the first is taken.
    """
    batch: list[Row] = []
    size = 0
    for row in rows:
        if batch and _keys(row) == _keys(batch[-1]):
            continue
        bytes_of_row = len(json.dumps(row, default=str))
        full = len(batch) == MOST or size + bytes_of_row > _MOST_BYTES
        if batch and (full or row["PartitionKey"] != batch[0]["PartitionKey"]):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += bytes_of_row
    if batch:
        yield batch


def create_missing(table: TableClient, rows: Iterable[Row]) -> int:
    """Stores those rows, sorted by their keys, that are not there yet; returns how many it stored."""
    created = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for wave in waves(batches(rows)):
            created += sum(pool.map(lambda batch: _create(table, batch), wave))
    return created


def waves(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """As many at a time as are worked on at once, so that no more are held in memory."""
    rest = iter(things)
    while wave := list(islice(rest, AT_ONCE)):
        yield wave


def _keys(row: Row) -> tuple[str, str]:
    return row["PartitionKey"], row["RowKey"]


def _create(table: TableClient, batch: list[Row]) -> int:
    if len(batch) == 1:
        return _create_one(table, batch[0])
    left = batch
    while left:
        try:
            table.submit_transaction([("create", dict(row)) for row in left])
            return len(left)
        except TableTransactionError as error:
            if error.status_code != _HTTP_CONFLICT:
                raise
        there = _keys_there(table, left)
        left = [row for row in left if row["RowKey"] not in there]
    return 0


def _create_one(table: TableClient, row: Row) -> int:
    try:
        table.create_entity(dict(row))
    except ResourceExistsError:
        return 0
    return 1


def _keys_there(table: TableClient, batch: list[Row]) -> set[str]:
    """Row keys of the partition from the first to the last of the batch."""
    keys = [row["RowKey"] for row in batch]
    found = table.query_entities(
        "PartitionKey eq @partition and RowKey ge @from and RowKey le @to",
        parameters={"partition": batch[0]["PartitionKey"], "from": min(keys), "to": max(keys)},
        select=["RowKey"],
    )
    return {row["RowKey"] for row in found}
