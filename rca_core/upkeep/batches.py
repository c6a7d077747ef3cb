"""Many rows of one table, a hundred of a partition at a time ("Performing entity group transactions", Azure docs)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
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


def batches(rows: Iterable[Row], most: int = MOST) -> Iterator[list[Row]]:
    """The rows in their order, cut where the partition changes or a transaction would be full."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        bytes_of_row = len(json.dumps(row, default=str))
        full = len(batch) == most or size + bytes_of_row > _MOST_BYTES
        if batch and (full or row["PartitionKey"] != batch[0]["PartitionKey"]):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += bytes_of_row
    if batch:
        yield batch


def create_missing(table: TableClient, rows: Iterable[Row]) -> int:
    """Stores those that are not there yet, leaves those that are as they are; returns how many it stored."""
    created = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for wave in waves(batches(rows)):
            created += sum(pool.map(lambda batch: _create(table, batch), wave))
    return created


def delete_all(table: TableClient, rows: Iterable[Row]) -> int:
    """Removes rows, those that are gone already too; returns how many there were to remove."""
    removed = 0
    for row in rows:
        with suppress(ResourceNotFoundError):
            table.delete_entity(str(row["PartitionKey"]), str(row["RowKey"]))
            removed += 1
    return removed


def waves(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """As many at a time as are worked on at once, so that no more are held in memory."""
    rest = iter(things)
    while wave := list(islice(rest, AT_ONCE)):
        yield wave


def _create(table: TableClient, batch: list[Row]) -> int:
    try:
        table.submit_transaction([("create", dict(row)) for row in batch])
        return len(batch)
    except TableTransactionError as error:
        if error.status_code != _HTTP_CONFLICT:
            raise
    created = 0
    for row in batch:
        with suppress(ResourceExistsError):
            table.create_entity(dict(row))
            created += 1
    return created
