"""Rows of table `tickets`: whether one is there, and removing some that another run may remove at the same time."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError

from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TABLE, Operation, TicketStore

_HTTP_NOT_FOUND = 404


def is_there(storage: Storage, row: Mapping[str, Any]) -> bool:
    """Whether there is a row with the keys of this one."""
    try:
        storage.table(TABLE).get_entity(row["PartitionKey"], row["RowKey"], select=["RowKey"])
    except ResourceNotFoundError:
        return False
    return True


def removed(store: TicketStore, operations: list[Operation]) -> bool:
    """`TicketStore.transact` of what removes rows: False also if one of them is gone, by another run most likely."""
    try:
        return store.transact(operations)
    except TableTransactionError as error:
        if error.status_code != _HTTP_NOT_FOUND:
            raise
        return False
