"""Tickets on Table Storage. A change to a ticket, its rows, its audit entry and the counts is one transaction."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import Conflict, NotFound, TransientError
from rca_core.foundation.storage import Storage
from rca_core.tickets import counters, rows
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.ticket import Ticket, month_and_day

TABLE = "tickets"

Change = Callable[[Ticket], tuple[Ticket, AuditEntry] | None]
Operation = tuple[Any, ...]

# Partition that lists the months there are tickets of, so that a list knows where to go on and where to end.
_MONTHS = "months"
# Writers meet on a ticket, or on one of the rows that count tickets; the loser reads again.
_ATTEMPTS = 30
_LONGEST_WAIT_SECONDS = 1.0
_HTTP_CONFLICT = frozenset({409, 412})
_ONE_PAGE = 1_000


class _Stored(NamedTuple):
    """A ticket as it stands: `due` is the row that stands for what is due next with it."""

    ticket: Ticket
    etag: str
    due: rows.DueRow | None


class TicketStore:
    """Reads and writes tickets, their audit entries and the counts over them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known_months: set[str] = set()

    @property
    def _table(self) -> TableClient:
        return self._storage.table(TABLE)

    def find(self, ticket_id: str) -> Ticket | None:
        """The ticket, or None."""
        found = self._find(ticket_id)
        return found and found.ticket

    def get(self, ticket_id: str) -> Ticket:
        """The ticket; raises NotFound."""
        ticket = self.find(ticket_id)
        if ticket is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return ticket

    def create(self, ticket: Ticket, audit: AuditEntry) -> bool:
        """Stores a new ticket with its first audit entry; False if a ticket of this id is there already."""
        self.note_month(month_and_day(ticket.id)[0])
        for _ in self._attempts(ticket.id):
            if self._submit(None, ticket, audit):
                return True
            if self.find(ticket.id):
                return False
        raise AssertionError("unreachable: _attempts raises")

    def change(
        self,
        ticket_id: str,
        change: Change,
        *,
        expected_version: int | None = None,
        tell: rows.DueRow | None = None,
    ) -> Ticket:
        """Stores what `change` makes of the ticket, and returns that.

        `change` is called with the current ticket, again if another writer was faster, and returns the new ticket
        with the audit entry that explains it, or None to leave all as it is. Raises NotFound, and Conflict if
        `expected_version` is given and no longer current. `tell` is stored with the change, to be found among what is
        `due` until the caller has told others of the change and calls `settle`.
        """
        for _ in self._attempts(ticket_id):
            found = self._find(ticket_id)
            if found is None:
                raise NotFound(f"There is no ticket {ticket_id}.")
            current = found.ticket
            if expected_version not in (None, current.version):
                raise Conflict(
                    f"Ticket {ticket_id} is at version {current.version}, your change was based on version"
                    f" {expected_version}: read it again.",
                    field="version",
                )
            changed = change(current)
            if changed is None:
                return current
            new, audit = changed
            if self._submit(found, new, audit, tell):
                return new
        raise AssertionError("unreachable: _attempts raises")

    def note(self, entry: AuditEntry) -> None:
        """Adds an entry that belongs to no ticket to the trail over all and to the counts, in the month of its time."""
        month, day = entry.month_and_day
        self.note_month(month)
        created = [("create", row) for row in rows.entities_of(entry)]
        for _ in self._attempts(entry.id):
            if self.transact([*created, self._counted(month, day, counters.row_key(entry.counted_by), counters.NOTE)]):
                return

    def audit_of(self, ticket_id: str) -> list[AuditEntry]:
        """A ticket's audit entries, oldest first."""
        prefix = rows.audit_prefix(ticket_id)
        return [rows.audit_from(row) for row in self.read(month_and_day(ticket_id)[0], prefix)]

    def due(self, month: str, now: datetime) -> list[rows.DueRow]:
        """What is due by now with the tickets of a month, longest due first; at most a page of it."""
        found = self.read(month, rows.DUE_PREFIX, until=clock.to_iso(now), select=["RowKey"])
        return [rows.due_from(row["RowKey"]) for row in islice(found, _ONE_PAGE)]

    def settle(self, row: rows.DueRow) -> None:
        """Removes a row that no ticket's change removes; nothing happens if it is gone."""
        self._table.delete_entity(row.entity)

    def months(self) -> list[str]:
        """The months there are tickets of, newest first."""
        months = [row["RowKey"] for row in self.read(_MONTHS, "")]
        return sorted(months, reverse=True)

    def counter_rows(self, month: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        """The rows that count the tickets of a month (`counters`), whole or some columns of them."""
        return list(self.read(month, rows.COUNTS_PREFIX, select=columns))

    def past_counter_rows(self, month: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        """The same of what retention has removed of the month: of use to whoever shows the past, not what there is."""
        return list(self.read(month, rows.PAST_COUNTS_PREFIX, select=columns))

    def read(
        self,
        partition: str,
        prefix: str,
        *,
        after: str = "",
        until: str = "~",
        select: list[str] | None = None,
        page_size: int = 1_000,
    ) -> Iterator[dict[str, Any]]:
        """Entities of a partition whose row key begins with `prefix`, in order, from behind `prefix + after` to before
        `prefix + until`; without that, to the last ('~' sorts behind every character that our row keys contain).
        """
        parameters: dict[str, Any] = {"partition": partition, "after": prefix + after, "end": prefix + until}
        found: Iterator[dict[str, Any]] = iter(
            self._table.query_entities(
                "PartitionKey eq @partition and RowKey gt @after and RowKey lt @end",
                parameters=parameters,
                select=select,
                results_per_page=page_size,
            )
        )
        return found

    def _find(self, ticket_id: str) -> _Stored | None:
        try:
            entity = self._table.get_entity(month_and_day(ticket_id)[0], rows.ticket_key(ticket_id))
        except ResourceNotFoundError:
            return None
        return _Stored(rows.ticket_from(entity), str(entity.metadata["etag"]), rows.due_row_of(entity))

    def _submit(self, old: _Stored | None, new: Ticket, audit: AuditEntry, tell: rows.DueRow | None = None) -> bool:
        """One transaction; False if another writer was faster anywhere in it."""
        operations: list[Operation] = []
        if old is None:
            operations.append(("create", rows.ticket_entity(new)))
            operations.append(("create", rows.list_entity(new)))
        else:
            operations.append(if_unchanged(rows.ticket_entity(new), old.etag, UpdateMode.REPLACE))
            operations.append(("upsert", rows.list_entity(new), {"mode": UpdateMode.REPLACE}))
            if rows.list_key(old.ticket) != rows.list_key(new):
                operations.append(("delete", rows.list_entity(old.ticket)))
        before, after = old and old.due, rows.due_row(new)
        if before is not None and before != after:
            operations.append(("delete", before.entity))
        operations.extend(("upsert", row.entity) for row in (after, tell) if row is not None and row != before)
        operations.extend(("create", entity) for entity in rows.entities_of(audit))
        operations.append(self._count(old and old.ticket, new))
        return self.transact(operations)

    def transact(self, operations: list[Operation]) -> bool:
        """Operations on one partition, all or none; False if another writer was faster anywhere in it."""
        try:
            self._table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code in _HTTP_CONFLICT:
                return False
            raise
        return True

    def _count(self, old: Ticket | None, new: Ticket) -> Operation:
        month, day = month_and_day(new.id)
        return self._counted(month, day, counters.row_key(new.id), counters.change_of(old, new))

    def _counted(self, month: str, day: int, row_key: str, change: counters.Change) -> Operation:
        """The counts after `change`."""
        key = {"PartitionKey": month, "RowKey": row_key}
        try:
            row = self._table.get_entity(month, row_key, select=counters.columns([day]))
        except ResourceNotFoundError:
            return ("create", {**key, **counters.changed({}, day, change)})
        return if_unchanged({**key, **counters.changed(row, day, change)}, row.metadata["etag"], UpdateMode.MERGE)

    def note_month(self, month: str) -> None:
        """Notes that there are tickets of this month, before the first is stored."""
        if month not in self._known_months:
            self._table.upsert_entity({"PartitionKey": _MONTHS, "RowKey": month})
            self._known_months.add(month)

    @staticmethod
    def _attempts(ticket_id: str) -> Iterator[int]:
        for attempt in range(_ATTEMPTS):
            if attempt:
                longest = min(_LONGEST_WAIT_SECONDS, 0.02 * 1.5**attempt)
                # Spreads writers, guards nothing.
                time.sleep(random.uniform(0, longest))  # noqa: S311 # nosec B311
            yield attempt
        logs.warning("ticket-contended", ticket_id=ticket_id)
        raise TransientError(f"Too many changes to ticket {ticket_id} at once.", retry_after_seconds=2)


def if_unchanged(entity: dict[str, Any], etag: str | None, mode: UpdateMode) -> Operation:
    """Writes a row unless it was written since it was read with this ETag."""
    return (
        "update",
        entity,
        {"etag": etag, "match_condition": MatchConditions.IfNotModified, "mode": mode},
    )
