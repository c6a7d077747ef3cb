"""Reading many tickets or audit entries: filters, pages, and the cursor that leads from one page to the next."""

import base64
import binascii
from collections.abc import Iterator
from heapq import merge
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
# What is rare is looked for in so many rows and months at a time; then a cursor is handed out, with the page not full
# or even empty, so that no request runs long.
_MOST_ROWS_READ = 2_000
_MOST_MONTHS_READ = 12
_WIDE_PAGE = 500

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
    """Counts over all tickets. `mttr_seconds` is the mean time to acknowledge, null before the first.

    `by_engine` counts who diagnosed them, `judgements` what people said of that: `gemini:right`, `rules:wrong`.
    """

    total_tickets: int
    by_status: dict[str, int]
    by_severity: dict[str, int]
    unresolved_by_severity: dict[str, int]
    by_source: dict[str, int]
    by_error_type: dict[str, int]
    by_sla_status: dict[str, int]
    by_engine: dict[str, int]
    judgements: dict[str, int]
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
    """A page of tickets. `equal` maps list columns to the value asked for; `text` is looked for in names and ids.

    A page may be shorter than `limit` although there are more: go on until `next_cursor` is null. A ticket that changes
    its status while it is read may be missing from a list over all statuses.
    """
    at = Cursor.decode(cursor) if cursor else None
    months = [month for month in store.months() if at is None or month <= at.month]
    page_size = _WIDE_PAGE if text or equal else limit + 1
    items: list[rows.TicketRow] = []
    read = 0
    for month in months[:_MOST_MONTHS_READ]:
        after = at.after if at is not None and at.month == month else ""
        found = _month_rows(store, month, (status,) if status else STATUSES, page_size, after)
        for position, row in found:
            read += 1
            item = rows.list_row(row)
            if _matches(item, equal or {}, text.casefold()):
                items.append(item)
            if len(items) == limit or read == _MOST_ROWS_READ:
                more = next(found, None) is not None or month != months[-1]
                return TicketPage(items, Cursor(position, month).encode() if more else None)
    rest = months[_MOST_MONTHS_READ:]
    return TicketPage(items, Cursor("", rest[0]).encode() if rest else None)


def _matches(item: rows.TicketRow, equal: dict[str, str], text: str) -> bool:
    return all(getattr(item, column) == value for column, value in equal.items()) and (
        not text or any(text in (getattr(item, name) or "").casefold() for name in _SEARCHED)
    )


def _month_rows(
    store: TicketStore, month: str, statuses: tuple[Status, ...], page_size: int, after: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The list rows of a month with their positions, newest first, merged over the statuses, each ticket once."""

    def of(status: Status) -> Iterator[tuple[str, dict[str, Any]]]:
        prefix = rows.list_prefix(status)
        for row in store.read(month, prefix, after=after, page_size=page_size):
            yield row["RowKey"].removeprefix(prefix), row

    last = ""
    for position, row in merge(*map(of, statuses), key=itemgetter(0)):
        if position != last:
            yield position, row
        last = position


def list_audit(
    store: TicketStore,
    *,
    ticket_id: str | None = None,
    equal: dict[str, str] | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    tickets_only: bool = False,
) -> AuditPage:
    """A page of the audit trail over all tickets, or over one, newest first; `tickets_only` leaves out entries that
    belong to no ticket.

    An entry stands with its ticket, so the trail over all is merged from every month that has tickets. A page may be
    shorter than `limit` although there are more: go on until `next_cursor` is null.
    """
    after = Cursor.decode(cursor).after if cursor else ""
    if ticket_id is not None:
        trail = _trail_of(store, ticket_id, after)
    else:
        page_size = _WIDE_PAGE if equal or tickets_only else limit + 1
        months = (_trail_of_month(store, month, page_size, after) for month in store.months())
        trail = merge(*months, key=itemgetter(0))
    items: list[AuditEntry] = []
    for read, (position, entry) in enumerate(trail, start=1):
        asked_for = all(getattr(entry, name) == value for name, value in (equal or {}).items())
        if asked_for and (entry.ticket_id or not tickets_only):
            items.append(entry)
        if len(items) == limit or read == _MOST_ROWS_READ:
            more = next(trail, None) is not None
            return AuditPage(items, Cursor(position).encode() if more else None)
    return AuditPage(items, None)


def _trail_of_month(store: TicketStore, month: str, page_size: int, after: str) -> Iterator[tuple[str, AuditEntry]]:
    for row in store.read(month, rows.TRAIL_PREFIX, after=after, page_size=page_size):
        yield row["RowKey"].removeprefix(rows.TRAIL_PREFIX), rows.audit_from(row)


def _trail_of(store: TicketStore, ticket_id: str, after: str) -> Iterator[tuple[str, AuditEntry]]:
    entries = ((rows.trail_position(entry), entry) for entry in store.audit_of(ticket_id))
    return (one for one in sorted(entries, key=itemgetter(0)) if one[0] > after)


def summary(store: TicketStore) -> Summary:
    """The counts over all tickets, from the counters."""
    counts = counters.total(
        counters.month_counts(store.counter_rows(month, [counters.MONTH])) for month in store.months()
    )
    acknowledged = counts.get("acknowledged", 0)
    return Summary(
        total_tickets=counts.get("tickets", 0),
        by_status=_group(counts, "status"),
        by_severity=_group(counts, "severity"),
        unresolved_by_severity=_group(counts, "unresolved"),
        by_source=_group(counts, "source"),
        by_error_type=_group(counts, "category"),
        by_sla_status=_group(counts, "sla"),
        by_engine=_group(counts, "engine"),
        judgements=_group(counts, "judged"),
        total_audits=counts.get("audits", 0),
        mttr_seconds=counts.get("ack_seconds", 0) / acknowledged if acknowledged else None,
    )


def _group(counts: counters.Counts, name: str) -> dict[str, int]:
    prefix = f"{name}:"
    return {key.removeprefix(prefix): value for key, value in counts.items() if key.startswith(prefix)}
