"""Removing audit entries that are old enough. Those of a ticket that is still there stay, however old they are.

A ticket's entries go in transactions with their counts, which go over to the rows of the past (`H|`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from rca_core.foundation import clock
from rca_core.foundation.storage import Storage
from rca_core.tickets import rows
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.store import Operation, TicketStore
from rca_core.tickets.ticket import month_and_day
from rca_core.upkeep.tally import Tally, key_of

# Two rows an entry and two rows of counts, of the hundred operations that a transaction may have.
_MOST_AT_ONCE = 49
# What is held in memory at a time.
_PAGE = 2_000


def remove_entries(
    storage: Storage, store: TicketStore, month: str, before: datetime, go_on: Callable[[], bool]
) -> int:
    """Removes the month's entries from before then, as long as `go_on` says so; returns how many.

    What stands in a month's partition belongs to its tickets, or to none and happened in it.
    """
    kept = {row["RowKey"].removeprefix(rows.TICKET_PREFIX) for row in _tickets(store, month)}
    found = store.read(month, rows.TRAIL_PREFIX, after=clock.reverse_key(before))
    entries = (entry for entry in map(rows.audit_from, found) if entry.ticket_id not in kept)
    removed = 0
    while page := list(islice(entries, _PAGE)):
        together: dict[str, list[AuditEntry]] = defaultdict(list)
        for entry in page:
            together[entry.ticket_id or entry.id].append(entry)
        for counted_by, of_one in together.items():
            for start in range(0, len(of_one), _MOST_AT_ONCE):
                if not go_on():
                    return removed
                removed += _remove(storage, store, month, counted_by, of_one[start : start + _MOST_AT_ONCE])
    return removed


def _tickets(store: TicketStore, month: str) -> Iterator[dict[str, Any]]:
    return store.read(month, rows.TICKET_PREFIX, select=["RowKey"])


def _remove(storage: Storage, store: TicketStore, month: str, counted_by: str, entries: list[AuditEntry]) -> int:
    """Removes entries that one row counts; 0 if another writer was faster: they go the next time."""
    now, past = (Tally.read(storage, month, key_of(counted_by, past=is_past)) for is_past in (False, True))
    operations: list[Operation] = []
    for entry in entries:
        day = month_and_day(entry.ticket_id)[1] if entry.ticket_id else int(entry.time[8:10])
        now.take(day, None, audits=1)
        past.add(day, None, audits=1)
        stored = rows.audit_entities(entry) if entry.ticket_id else [rows.trail_entity(entry, month)]
        operations += [("delete", {"PartitionKey": month, "RowKey": row["RowKey"]}) for row in stored]
    return len(entries) if store.transact([*operations, now.operation(), past.operation()]) else 0
