"""Reading many tickets or audit entries: filters, pages, and the cursor that leads from one page to the next."""

import base64
import binascii
from collections.abc import Iterator
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec

from rca_core.foundation.errors import MalformedRequest
from rca_core.tickets import counters, rows
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import STATUSES, Status

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
# A search for rare text stops after so many rows and hands out a cursor, so that no request runs long.
_MOST_ROWS_READ = 2_000

_SEARCHED = ("id", "title", "pipeline", "run_id", "error_code", "itsm_ticket_id", "ack_user")


class Cursor(msgspec.Struct, frozen=True):
    """Where the last page ended: a position in the order of all rows, newest first. Base64 JSON for the caller."""

    after: str
    month: str = ""

    def encode(self) -> str:
        """The cursor as text for a URL."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "Cursor":
        """The cursor that `encode` wrote; raises MalformedRequest on anything else."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(raw, type=Cursor)
        except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
            raise MalformedRequest("This is no cursor that we gave out.", field="cursor") from error


class TicketPage(msgspec.Struct, frozen=True):
    """A page of tickets, newest first; `next_cursor` is null on the last one."""

    items: list[rows.TicketRow]
    next_cursor: str | None


class AuditPage(msgspec.Struct, frozen=True):
    """A page of audit entries, newest first; `next_cursor` is null on the last one."""

    items: list[AuditEntry]
    next_cursor: str | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over all tickets. `mttr_seconds` is the mean time to acknowledge, null before the first."""

    total_tickets: int
    by_status: dict[str, int]
    by_severity: dict[str, int]
    unresolved_by_severity: dict[str, int]
    by_source: dict[str, int]
    by_error_type: dict[str, int]
    by_sla_status: dict[str, int]
    total_audits: int
    mttr_seconds: float | None


def list_tickets(
    store: TicketStore,
    *,
    status: Status | None = None,
    equal: dict[str, str] | None = None,
    text: str = "",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> TicketPage:
    """A page of tickets. `equal` maps list columns to the value asked for; `text` is looked for in names and ids."""
    at = Cursor.decode(cursor) if cursor else None
    statuses = (status,) if status else STATUSES
    months = [month for month in store.months() if at is None or month <= at.month]
    wanted = text.casefold()
    page_size = _MOST_ROWS_READ // 2 if wanted else limit + 1
    found = chain.from_iterable(
        ((month, position, row) for position, row in _month_rows(store, month, statuses, equal, page_size, at))
        for month in months
    )
    items: list[rows.TicketRow] = []
    for read, (month, position, row) in enumerate(found, start=1):
        item = rows.list_row(row)
        if not wanted or any(wanted in (getattr(item, name) or "").casefold() for name in _SEARCHED):
            items.append(item)
        if len(items) == limit or read == _MOST_ROWS_READ:
            return TicketPage(items, Cursor(position, month).encode() if _any(found) else None)
    return TicketPage(items, None)


def _month_rows(
    store: TicketStore,
    month: str,
    statuses: tuple[Status, ...],
    equal: dict[str, str] | None,
    page_size: int,
    at: Cursor | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The list rows of a month with their positions, newest first, merged over the statuses."""
    after = at.after if at is not None and at.month == month else ""

    def of(status: Status) -> Iterator[tuple[str, dict[str, Any]]]:
        prefix = rows.list_prefix(status)
        for row in store.range(month, prefix, after=after, equal=equal, page_size=page_size):
            yield row["RowKey"].removeprefix(prefix), row

    return merge(*map(of, statuses), key=itemgetter(0))


def list_audit(
    store: TicketStore,
    *,
    ticket_id: str | None = None,
    equal: dict[str, str] | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> AuditPage:
    """A page of the audit trail over all tickets, or over one, newest first."""
    at = Cursor.decode(cursor) if cursor else Cursor("")
    if ticket_id is not None:
        trail = _trail_of(store, ticket_id, equal or {}, at.after)
    else:
        trail = merge(
            *(_trail_of_month(store, month, equal, limit, at.after) for month in store.months()),
            key=itemgetter(0),
        )
    items: list[AuditEntry] = []
    for position, entry in trail:
        items.append(entry)
        if len(items) == limit:
            return AuditPage(items, Cursor(position).encode() if _any(trail) else None)
    return AuditPage(items, None)


def _trail_of_month(
    store: TicketStore, month: str, equal: dict[str, str] | None, limit: int, after: str
) -> Iterator[tuple[str, AuditEntry]]:
    for row in store.range(month, rows.TRAIL_PREFIX, after=after, equal=equal, page_size=limit + 1):
        yield row["RowKey"].removeprefix(rows.TRAIL_PREFIX), rows.audit_from(row)


def _trail_of(
    store: TicketStore, ticket_id: str, equal: dict[str, str], after: str
) -> Iterator[tuple[str, AuditEntry]]:
    entries = ((rows.trail_position(entry), entry) for entry in store.audit_of(ticket_id))
    for position, entry in sorted(entries, key=itemgetter(0)):
        if position > after and all(getattr(entry, name) == value for name, value in equal.items()):
            yield position, entry


def summary(store: TicketStore) -> Summary:
    """The counts over all tickets, from the counters."""
    counts = counters.total(counters.month_counts(store.counter_rows(month)) for month in store.months())
    acknowledged = counts.get("acknowledged", 0)
    return Summary(
        total_tickets=counts.get("tickets", 0),
        by_status=_group(counts, "status"),
        by_severity=_group(counts, "severity"),
        unresolved_by_severity=_group(counts, "unresolved"),
        by_source=_group(counts, "source"),
        by_error_type=_group(counts, "category"),
        by_sla_status=_group(counts, "sla"),
        total_audits=counts.get("audits", 0),
        mttr_seconds=counts.get("ack_seconds", 0) / acknowledged if acknowledged else None,
    )


def _group(counts: counters.Counts, name: str) -> dict[str, int]:
    prefix = f"{name}:"
    return {key.removeprefix(prefix): value for key, value in counts.items() if key.startswith(prefix)}


def _any(iterator: Iterator[Any]) -> bool:
    return next(iterator, None) is not None
