"""Reading many tickets or audit entries: filters, pages, and the cursor that leads from one page to the next."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from rca_core.foundation import clock
from rca_core.foundation.errors import MalformedRequest
from rca_core.tickets import counters, rows
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import STATUSES, Status

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_TICKETS_LIMIT = 1_000
_LARGEST_PAGE = 1_000
_WIDE_PAGE = 500


class Reach(NamedTuple):
    """How many rows and months a request may read to fill its page. Then a cursor is handed out, with the page not full
    or even empty, so that no request runs long because what it looks for is rare.
    """

    rows: int
    months: int


ONE_PAGE = Reach(rows=2_000, months=12)

Wanted = Mapping[str, Set[str]]
"""Columns, with the values of which a row must have one."""

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
    statuses: tuple[Status, ...] = STATUSES,
    wanted: Wanted | None = None,
    text: str = "",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    reach: Reach = ONE_PAGE,
) -> TicketPage:
    """A page of tickets; `text` is looked for in names and ids.

    A page may be shorter than `limit` although there are more: go on until `next_cursor` is null. A ticket that changes
    its status while it is read may be missing from a list over several statuses.
    """
    at = Cursor.decode(cursor) if cursor else None
    months = [month for month in store.months() if at is None or month <= at.month]
    page_size = _page_size(limit, filtered=bool(text or wanted))
    items: list[rows.TicketRow] = []
    read = 0
    for month in months[: reach.months]:
        after = at.after if at is not None and at.month == month else ""
        found = _month_rows(store, month, statuses, page_size, after)
        for position, row in found:
            read += 1
            item = rows.list_row(row)
            if _is_wanted(item, wanted) and _has_text(item, text.casefold()):
                items.append(item)
            if len(items) == limit or read == reach.rows:
                more = next(found, None) is not None or month != months[-1]
                return TicketPage(items, Cursor(position, month).encode() if more else None)
    rest = months[reach.months :]
    return TicketPage(items, Cursor("", rest[0]).encode() if rest else None)


def _page_size(limit: int, filtered: bool) -> int:
    """How many rows to ask storage for at once: one more than is shown, which tells whether there are more; a set
    number where not all that is read is shown.
    """
    return _WIDE_PAGE if filtered else min(limit + 1, _LARGEST_PAGE)


def _is_wanted(item: rows.TicketRow | AuditEntry, wanted: Wanted | None) -> bool:
    return all(getattr(item, column) in values for column, values in (wanted or {}).items())


def _has_text(item: rows.TicketRow, text: str) -> bool:
    return not text or any(text in (getattr(item, name) or "").casefold() for name in _SEARCHED)


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
    wanted: Wanted | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    tickets_only: bool = False,
    reach: Reach = ONE_PAGE,
) -> AuditPage:
    """A page of the audit trail over all tickets, or over one, newest first: the entries made at `since` or later and
    earlier than `before`; `tickets_only` leaves out entries that belong to no ticket.

    An entry stands with its ticket, so the trail over all is merged from every month that has tickets, but for months
    that begin after the time asked for. A page may be shorter than `limit` although there are more: go on until
    `next_cursor` is null.
    """
    after = max(Cursor.decode(cursor).after if cursor else "", _behind(before) if before else "")
    until = _behind(since) if since else "~"
    if ticket_id is not None:
        trail = _trail_of(store, ticket_id, after, until)
    else:
        page_size = _page_size(limit, filtered=bool(wanted or tickets_only))
        months = [month for month in store.months() if before is None or month <= f"{before:%Y-%m}"]
        trail = merge(*(_trail_of_month(store, month, page_size, after, until) for month in months), key=itemgetter(0))
    items: list[AuditEntry] = []
    for read, (position, entry) in enumerate(trail, start=1):
        if _is_wanted(entry, wanted) and (entry.ticket_id or not tickets_only):
            items.append(entry)
        if len(items) == limit or read == reach.rows:
            more = next(trail, None) is not None
            return AuditPage(items, Cursor(position).encode() if more else None)
    return AuditPage(items, None)


def _behind(at: datetime) -> str:
    """The place in the trail behind all entries of this millisecond."""
    return f"{clock.reverse_key(at)}|~"


def _trail_of_month(
    store: TicketStore, month: str, page_size: int, after: str, until: str
) -> Iterator[tuple[str, AuditEntry]]:
    for row in store.read(month, rows.TRAIL_PREFIX, after=after, until=until, page_size=page_size):
        yield row["RowKey"].removeprefix(rows.TRAIL_PREFIX), rows.audit_from(row)


def _trail_of(store: TicketStore, ticket_id: str, after: str, until: str) -> Iterator[tuple[str, AuditEntry]]:
    entries = ((rows.trail_position(entry), entry) for entry in store.audit_of(ticket_id))
    return (one for one in sorted(entries, key=itemgetter(0)) if after < one[0] < until)


def summary(store: TicketStore) -> Summary:
    """The counts over all tickets, from the counters."""
    counts = counters.total(
        counters.month_counts(store.counter_rows(month, [counters.MONTH])) for month in store.months()
    )
    acknowledged = counts.get("acknowledged", 0)
    return Summary(
        total_tickets=counts.get("tickets", 0),
        by_status=counters.group(counts, "status"),
        by_severity=counters.group(counts, "severity"),
        unresolved_by_severity=counters.group(counts, "unresolved"),
        by_source=counters.group(counts, "source"),
        by_error_type=counters.group(counts, "category"),
        by_sla_status=counters.group(counts, "sla"),
        by_engine=counters.group(counts, "engine"),
        judgements=counters.group(counts, "judged"),
        total_audits=counts.get("audits", 0),
        mttr_seconds=counts.get("ack_seconds", 0) / acknowledged if acknowledged else None,
    )
