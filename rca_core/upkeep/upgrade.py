"""Brings what is stored to today's schema: tickets are rewritten, the rows that point to them mended,
the months counted anew.

Safe to run twice, after a death on any line, and while failures come in: a ticket is rewritten in a transaction that
holds only if nobody changed it since it was read, and a row of counts only if no ticket that it counts changed since
before they were all read (whoever changes a ticket writes its counts in the same transaction).
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.access import accounts
from rca_core.foundation.errors import TransientError
from rca_core.foundation.schema import COLUMN, SCHEMA, refuse_newer, version_of
from rca_core.foundation.storage import Storage
from rca_core.tickets import claims, recall, rows, sync
from rca_core.tickets.store import TABLE, Operation, TicketStore, if_unchanged
from rca_core.tickets.ticket import Ticket, month_and_day
from rca_core.upkeep.month_rows import is_there
from rca_core.upkeep.progress import Say
from rca_core.upkeep.tally import Tally, key_of

# Rows of other tables that have a version, told by their keys. Between the schemas so far they differ in nothing else.
_VERSIONED: dict[str, Callable[[str], bool]] = {
    claims.TABLE: lambda key: True,
    recall.TABLE: lambda key: key.endswith("|R"),
    sync.TABLE: lambda key: key in ("jira", "slack"),
    accounts.TABLE: lambda key: key.startswith("u|"),
}
# The columns of an audit entry that it is none without: most of it is details.
_SHORT_ENTRY = ["id", "ticket_id", "time", "action", "user", "origin"]
# Who loses against a writer reads again, so often.
_ROUNDS = 30


class Upgraded(NamedTuple):
    """How much was done: rows of earlier schemas that were rewritten, tickets to which wrong rows
    pointed, rows of counts corrected."""

    rewritten: int
    mended: int
    recounted: int


def upgrade(storage: Storage, store: TicketStore, say: Say) -> Upgraded:
    """Does it for everything; raises NewerData if a later release has written here, TransientError if a month is
    written to so much that it cannot be counted: run it again then.
    """
    rewritten = mended = recounted = 0
    for month in store.months():
        rewrote, put_right = _rewrite_month(storage, store, month)
        corrected = recount(storage, store, month)
        say(
            f"{month}: {rewrote} tickets rewritten, {put_right} with wrong rows pointing to them,"
            f" {corrected} rows of counts corrected"
        )
        rewritten, mended, recounted = rewritten + rewrote, mended + put_right, recounted + corrected
    for table in _VERSIONED:
        stamped = _stamp(storage, table)
        say(f"{table}: {stamped} rows rewritten")
        rewritten += stamped
    return Upgraded(rewritten, mended, recounted)


def _rewrite_month(storage: Storage, store: TicketStore, month: str) -> tuple[int, int]:
    """Rewrites tickets of an earlier schema, and those that other rows than they should point to."""
    pointing = _pointing(store, month)
    rewritten = mended = 0
    for row in store.read(month, rows.TICKET_PREFIX):
        ticket = rows.ticket_from(row)
        keys = pointing.pop(ticket.id, set())
        is_old, is_right = version_of(row) < SCHEMA, keys == _pointers(ticket)
        if is_old or not is_right:
            _rewrite(storage, store, ticket.id, keys)
        rewritten, mended = rewritten + is_old, mended + (not is_right)
    # Tickets were read after what points to them: what is left points to none.
    for keys in pointing.values():
        for key in keys:
            storage.table(TABLE).delete_entity(month, key)
    return rewritten, mended + len(pointing)


def _pointing(store: TicketStore, month: str) -> dict[str, set[str]]:
    """The keys of the list rows and due rows of each ticket; what is yet to be told is no matter of the ticket's."""
    found: dict[str, set[str]] = defaultdict(set)
    for prefix in (rows.LIST_PREFIX, rows.DUE_PREFIX):
        for row in store.read(month, prefix, select=["RowKey"]):
            key = row["RowKey"]
            _, _, kind, ticket_id = key.split("|")
            if kind != "tell":
                found[ticket_id].add(key)
    return found


def _pointers(ticket: Ticket) -> set[str]:
    """The keys of the rows that should point to the ticket."""
    due = rows.due_row(ticket)
    return {rows.list_key(ticket), *([due.key] if due else [])}


def _rewrite(storage: Storage, store: TicketStore, ticket_id: str, pointing: set[str]) -> None:
    table, month = storage.table(TABLE), month_and_day(ticket_id)[0]
    for _ in range(_ROUNDS):
        try:
            row = table.get_entity(month, rows.ticket_key(ticket_id))
        except ResourceNotFoundError:
            return
        ticket = rows.ticket_from(row)
        operations: list[Operation] = [
            if_unchanged(rows.ticket_entity(ticket), row.metadata["etag"], UpdateMode.REPLACE),
            ("upsert", rows.list_entity(ticket), {"mode": UpdateMode.REPLACE}),
        ]
        if (after := rows.due_row(ticket)) is not None:
            operations.append(("upsert", after.entity))
        wrong = [{"PartitionKey": month, "RowKey": key} for key in sorted(pointing - _pointers(ticket))]
        operations += [("delete", one) for one in wrong if is_there(storage, one)]
        if store.transact(operations):
            return
    raise TransientError(f"Ticket {ticket_id} changes faster than it can be rewritten: run this again later.")


def _stamp(storage: Storage, name: str) -> int:
    table, has_version = storage.table(name), _VERSIONED[name]
    stamped = 0
    for row in table.list_entities(select=["PartitionKey", "RowKey", COLUMN]):
        refuse_newer(row)
        if has_version(row["RowKey"]) and version_of(row) < SCHEMA:
            # Who changed it meanwhile wrote it as this release does, or it is rewritten the next time.
            with suppress(ResourceModifiedError, ResourceNotFoundError):
                table.update_entity(
                    {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], COLUMN: SCHEMA},
                    mode=UpdateMode.MERGE,
                    etag=row.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
                stamped += 1
    return stamped


def recount(storage: Storage, store: TicketStore, month: str) -> int:
    """Sets the counts of a month to what a recount gives; returns how many rows were wrong."""
    corrected, left = 0, None
    for _ in range(_ROUNDS):
        tallies = {row["RowKey"]: Tally(month, row["RowKey"], row) for row in store.counter_rows(month)}
        for tally in tallies.values():
            tally.clear()
        _count(store, month, tallies)
        left = [key for key, tally in tallies.items() if tally.changed and (left is None or key in left)]
        lost = [key for key in left if not store.transact([tallies[key].operation()])]
        corrected += len(left) - len(lost)
        if not lost:
            return corrected
        left = lost
    raise TransientError(f"The tickets of {month} change faster than they can be counted: run this again later.")


def _count(store: TicketStore, month: str, tallies: dict[str, Tally]) -> None:
    """Counts every ticket and every entry of the month."""

    def tally(counted_by: str) -> Tally:
        key = key_of(counted_by)
        return tallies.setdefault(key, Tally(month, key, None))

    for row in store.read(month, rows.TICKET_PREFIX):
        ticket = rows.ticket_from(row)
        tally(ticket.id).add(month_and_day(ticket.id)[1], ticket, audits=0)
    entries: dict[tuple[str, int], int] = defaultdict(int)
    for entry in map(rows.audit_from, store.read(month, rows.TRAIL_PREFIX, select=_SHORT_ENTRY)):
        entries[entry.counted_by, entry.month_and_day[1]] += 1
    for (counted_by, day), audits in entries.items():
        tally(counted_by).add(day, None, audits=audits)
