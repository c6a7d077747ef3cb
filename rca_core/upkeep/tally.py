"""A row of counts that is to change by what happens to several tickets in one transaction."""

from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation.storage import Storage
from rca_core.tickets import counters, rows
from rca_core.tickets.counters import Change
from rca_core.tickets.store import TABLE, Operation, if_unchanged
from rca_core.tickets.ticket import Ticket


def key_of(entry_or_ticket_id: str, *, past: bool = False) -> str:
    """The key of the row that counts this ticket, or this entry without one; `past` for the row of what was removed."""
    key = counters.row_key(entry_or_ticket_id)
    return f"{rows.PAST_COUNTS_PREFIX}{key.partition('|')[2]}" if past else key


class Tally:
    """One such row: as it was read, if it was there, and as it is to be."""

    def __init__(self, month: str, key: str, read: Any | None) -> None:
        self._key = {"PartitionKey": month, "RowKey": key}
        self._etag = None if read is None else str(read.metadata["etag"])
        self._before: dict[str, Any] = {} if read is None else _columns(read)
        self._now = dict(self._before)

    @staticmethod
    def read(storage: Storage, month: str, key: str) -> "Tally":
        """The row as it stands."""
        try:
            return Tally(month, key, storage.table(TABLE).get_entity(month, key))
        except ResourceNotFoundError:
            return Tally(month, key, None)

    def clear(self) -> None:
        """Forgets what was counted, to count anew."""
        self._now = {}

    def add(self, day: int, ticket: Ticket | None, *, audits: int) -> None:
        """Counts a ticket made on this day of the month, and so many audit entries."""
        self._change(day, _made(ticket, audits))

    def take(self, day: int, ticket: Ticket | None, *, audits: int) -> None:
        """Takes both away again."""
        self._change(day, Change(*({name: -count for name, count in part.items()} for part in _made(ticket, audits))))

    @property
    def changed(self) -> bool:
        """Whether the row must be written."""
        return _counting(self._now) != _counting(self._before)

    def operation(self) -> Operation:
        """Writes the row, unless it has changed since it was read."""
        if self._etag is None:
            return ("create", {**self._key, **self._now})
        return if_unchanged({**self._key, **self._now}, self._etag, UpdateMode.REPLACE)

    def _change(self, day: int, change: Change) -> None:
        self._now |= counters.changed(self._now, day, change)


def _made(ticket: Ticket | None, audits: int) -> Change:
    """What a ticket and so many entries add."""
    return counters.change_of(None, ticket, audits) if ticket else Change({"audits": audits}, {})


def _counting(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns that count something: one that counts nothing any more is as good as none."""
    return {name: value for name, value in columns.items() if value != "{}"}


def _columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("PartitionKey", "RowKey")}
