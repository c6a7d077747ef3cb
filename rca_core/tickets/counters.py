"""Counts over tickets, kept so that a summary never scans them, and exact.

Every ticket adds `contribution(ticket)` to the counts of the day it was made, and `name_counts.contribution(ticket)`
to those by name. The counts stand in rows of the ticket's own partition and change in the same entity-group
transaction as the ticket, by the difference between its new and its old contribution; so they always equal a recount.
A month's counts are spread over SHARDS rows, picked by ticket id, so that concurrent writers rarely meet on one.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zlib import crc32

from rca_core.tickets import name_counts
from rca_core.tickets.histogram import bucket
from rca_core.tickets.rows import COUNTS_PREFIX
from rca_core.tickets.ticket import Ticket

SHARDS = 64

Counts = dict[str, int]

MONTH = "month"
"""The column with the counts of the whole month."""


class Change(NamedTuple):
    """What is to be added to a row of counts: in all, and by name."""

    counts: Counts
    named: Counts


def contribution(ticket: Ticket | None) -> Counts:
    """What one ticket adds: 1 for each group it is in, and its seconds to acknowledge for the mean."""
    if ticket is None:
        return {}
    counts = {
        "tickets": 1,
        f"status:{ticket.status}": 1,
        f"source:{ticket.source}": 1,
        f"category:{ticket.error_type}": 1,
        f"severity:{ticket.severity}": 1,
        f"sla:{ticket.sla_status}": 1,
        f"engine:{ticket.diagnosis.engine}": 1,
    }
    for judged in ticket.feedback:
        name = f"judged:{judged.engine}:{judged.verdict}"
        counts[name] = counts.get(name, 0) + 1
    if ticket.status != "acknowledged":
        counts[f"unresolved:{ticket.severity}"] = 1
    if ticket.ack_seconds is not None:
        counts["acknowledged"] = 1
        counts["ack_seconds"] = ticket.ack_seconds
        counts[f"ack_bucket:{bucket(ticket.ack_seconds)}"] = 1
    if ticket.ack_ts is not None:
        counts[f"ack_day:{ticket.ack_ts[:10]}"] = 1
    return counts


def total(parts: Iterable[Mapping[str, int]]) -> Counts:
    """The sum, without zeros."""
    summed: Counts = {}
    for part in parts:
        for name, value in part.items():
            summed[name] = summed.get(name, 0) + value
    return {name: value for name, value in sorted(summed.items()) if value}


def group(counts: Mapping[str, int], name: str) -> Counts:
    """The counts of one group, by what stands behind its name."""
    prefix = f"{name}:"
    return {key.removeprefix(prefix): value for key, value in counts.items() if key.startswith(prefix)}


def difference(new: Mapping[str, int], old: Mapping[str, int]) -> Counts:
    """What to add to turn `old` into `new`."""
    return total([new, {name: -value for name, value in old.items()}])


def change_of(old: Ticket | None, new: Ticket, audits: int = 1) -> Change:
    """What a ticket's change, with so many new audit entries, adds to its counts."""
    return Change(
        total([difference(contribution(new), contribution(old)), {"audits": audits}]),
        difference(name_counts.contribution(new), name_counts.contribution(old)),
    )


NOTE = Change({"audits": 1}, {})
"""What an audit entry that belongs to no ticket adds."""


def row_key(ticket_id: str) -> str:
    """The row that counts this ticket."""
    return f"{COUNTS_PREFIX}{crc32(ticket_id.encode()) % SHARDS:02d}"


def columns(days: Iterable[int]) -> list[str]:
    """The columns of a row with the counts of these days of the month and of the whole month. A ticket touches those
    of the day it was made.
    """
    return [MONTH, *(column for day in days for column in (_day(day), _names(day)))]


def changed(row: Mapping[str, object], day: int, change: Change) -> dict[str, str]:
    """The columns of `row` that `change` changes, as they are after it."""
    new = {name: total([_read(row, name), change.counts]) for name in (MONTH, _day(day))}
    if change.named:
        new[_names(day)] = name_counts.changed(_read(row, _names(day)), change.named)
    return {name: json.dumps(counts) for name, counts in new.items()}


def month_counts(rows: Iterable[Mapping[str, object]]) -> Counts:
    """The counts of a month from its rows."""
    return total(_read(row, MONTH) for row in rows)


def day_counts(rows: Iterable[Mapping[str, object]]) -> dict[int, Counts]:
    """The counts of each day of a month from its rows, by day of the month; days without tickets are left out."""
    rows = list(rows)
    days = {day: total(_read(row, _day(day)) for row in rows) for day in range(1, 32)}
    return {day: counts for day, counts in days.items() if counts}


def names_counted(rows: Iterable[Mapping[str, object]]) -> Counts:
    """The counts by name from the rows of a month, over all days that are in them; what had no room for its name
    stands under the bare name of its group.
    """
    return total(_read(row, _names(day)) for row in rows for day in range(1, 32))


def _day(day: int) -> str:
    return f"d{day:02d}"


def _names(day: int) -> str:
    return f"n{day:02d}"


def _read(row: Mapping[str, object], name: str) -> Counts:
    text = row.get(name)
    counts: Counts = json.loads(text) if isinstance(text, str) else {}
    return counts
