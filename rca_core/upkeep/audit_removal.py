"""Removing audit entries that are old enough. Those of a ticket that is still there stay, however old they are.

A ticket's entries go in transactions with their counts, which go over to the rows of the past (`H|`).
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from rca_core.foundation import clock
from rca_core.foundation.storage import Storage
from rca_core.tickets import rows
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.store import Operation, TicketStore
from rca_core.upkeep.month_rows import is_there, removed
from rca_core.upkeep.tally import Tally, key_of

# Two rows an entry and two rows of counts, of the hundred operations that a transaction may have.
_MOST_AT_ONCE = 49
# What is read before the time is looked at.
_PAGE = 1_000

# An entry with those of its rows that are to be removed.
_Stored = tuple[AuditEntry, list[dict[str, Any]]]


def remove_entries(
    storage: Storage, store: TicketStore, month: str, before: datetime, go_on: Callable[[], bool]
) -> int:
    """Removes the month's entries from before then, as long as `go_on` says so; returns how many.

    What stands in a month's partition belongs to its tickets, or to none and happened in it.
    """
    found = map(rows.audit_from, store.read(month, rows.TRAIL_PREFIX, after=clock.reverse_key(before)))
    kept: set[str] | None = None
    total = 0
    while page := list(islice(found, _PAGE)):
        kept = _tickets(store, month, go_on) if kept is None else kept
        if kept is None or not go_on():
            return total
        together: dict[str, list[AuditEntry]] = defaultdict(list)
        for entry in page:
            if entry.ticket_id not in kept:
                together[entry.counted_by].append(entry)
        for counted_by, of_one in together.items():
            for start in range(0, len(of_one), _MOST_AT_ONCE):
                if not go_on():
                    return total
                total += _remove(storage, store, month, counted_by, of_one[start : start + _MOST_AT_ONCE])
    return total


def _tickets(store: TicketStore, month: str, go_on: Callable[[], bool]) -> set[str] | None:
    """Ids of the tickets that are still there, None if the time is over before all are read.

    All at once, a thousand in a request: to ask for those of each page of entries would be more requests.
    """
    found = store.read(month, rows.TICKET_PREFIX, select=["RowKey"])
    kept: set[str] = set()
    while page := [row["RowKey"].removeprefix(rows.TICKET_PREFIX) for row in islice(found, _PAGE)]:
        if not go_on():
            return None
        kept.update(page)
    return kept


def _remove(storage: Storage, store: TicketStore, month: str, counted_by: str, entries: list[AuditEntry]) -> int:
    """Removes entries that one row counts; returns how many. What a writer who is faster leaves goes the next time."""
    whole = [(entry, rows.entities_of(entry)) for entry in entries]
    if removed(store, _removing(storage, month, counted_by, whole)):
        return len(whole)
    # Another run was faster, or a row of an entry is missing: that must not keep the others.
    left = [
        (entry, [row for row in of_entry if is_there(storage, row)])
        for entry, of_entry in whole
        if is_there(storage, rows.trail_entity(entry))
    ]
    return len(left) if left and removed(store, _removing(storage, month, counted_by, left)) else 0


def _removing(storage: Storage, month: str, counted_by: str, stored: list[_Stored]) -> list[Operation]:
    """What removes these rows, and counts the entries among those of the past."""
    now, past = (Tally.read(storage, month, key_of(counted_by, past=is_past)) for is_past in (False, True))
    operations: list[Operation] = []
    for entry, of_entry in stored:
        _, day = entry.month_and_day
        now.take(day, None, audits=1)
        past.add(day, None, audits=1)
        operations += [("delete", {"PartitionKey": month, "RowKey": row["RowKey"]}) for row in of_entry]
    return [*operations, now.operation(), past.operation()]
