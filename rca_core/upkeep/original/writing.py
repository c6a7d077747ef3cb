"""Writes loaded tickets: many in one transaction, each whole with its list row, its audit entries and its counts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from rca_core.foundation.errors import TransientError
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, jira_known, recall, rows, sync
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.case import keep_report
from rca_core.tickets.claims import Claim
from rca_core.tickets.jira_words import Written
from rca_core.tickets.store import Operation, TicketStore
from rca_core.tickets.sync import Copy
from rca_core.tickets.ticket import Ticket, month_and_day
from rca_core.upkeep.batches import MOST, create_missing
from rca_core.upkeep.month_rows import is_there
from rca_core.upkeep.original.reported import Reported
from rca_core.upkeep.tally import Tally, key_of

_ATTEMPTS = 30
# The rows of a ticket without its entries: itself, its list row, what is due, its counts.
_ROWS_OF_A_TICKET = 4
_MOST_ENTRIES = (MOST - _ROWS_OF_A_TICKET) // 2
# An entity may have 1 MiB and a transaction four.
_MOST_BYTES = 1_500_000


class Loaded(NamedTuple):
    """A ticket that is to be stored, with its entries and what was reported."""

    ticket: Ticket
    entries: list[AuditEntry]
    reported: Reported


def store_tickets(storage: Storage, store: TicketStore, loaded: Sequence[Loaded]) -> int:
    """Stores those that are not there yet; returns how many that were. What a transaction cannot hold follows."""
    new = 0
    by_count = sorted(loaded, key=lambda one: (_month(one), key_of(one.ticket.id)))
    for month, group in groupby(by_count, key=_month):
        store.note_month(month)
        of_month = list(group)
        there = _known(store, month, [one.ticket.id for one in of_month])
        for batch in _batches([one for one in of_month if one.ticket.id not in there]):
            new += _store(storage, store, month, batch)
        for one in of_month:
            add_entries(storage, store, month, one.entries[_MOST_ENTRIES:])
    return new


def store_surroundings(storage: Storage, loaded: Sequence[Loaded]) -> None:
    """Stores, once the tickets are there, what leads to them: claims, Jira issues, Slack messages, occurrences."""
    create_missing(storage.table(claims.TABLE), sorted(_claims(loaded), key=_place))
    create_missing(storage.table(sync.TABLE), sorted(_copies(loaded), key=_place))
    known = [one.ticket for one in loaded]
    seen = [recall.occurrence_entity(one.fingerprint, one.id) for one in known if one.fingerprint]
    create_missing(storage.table(recall.TABLE), sorted(seen, key=_place))


def archive_payload(storage: Storage, one: Loaded) -> Loaded:
    """Archives the payload, if there is one, and the text of the report, as triage does."""
    ticket, failure = one.ticket, one.reported.failure
    if one.reported.body is None:
        return one
    kept = archive.archive(storage, ticket.id, failure.report_key, one.reported.body)
    keep_report(storage, ticket.id, failure)
    reports = [msgspec.structs.replace(report, archived=kept.name) for report in ticket.reports]
    return one._replace(ticket=msgspec.structs.replace(ticket, reports=reports, blob_log_url=kept.url))


def add_entries(storage: Storage, store: TicketStore, month: str, entries: Sequence[AuditEntry]) -> int:
    """Adds entries to the trail of a month, each with its count in one transaction; returns how many were missing."""
    added = 0
    for entry in entries:
        for _ in range(_ATTEMPTS):
            if is_there(storage, rows.trail_entity(entry)):
                break
            if store.transact(_operations(storage, month, [], [entry])):
                added += 1
                break
        else:
            raise _too_fast(month)
    return added


def _store(storage: Storage, store: TicketStore, month: str, batch: list[Loaded]) -> int:
    for _ in range(_ATTEMPTS):
        tickets = [one.ticket for one in batch]
        entries = [entry for one in batch for entry in one.entries[:_MOST_ENTRIES]]
        if store.transact(_operations(storage, month, tickets, entries)):
            return len(batch)
        # The app changed a ticket that the same row counts, or somebody else loads.
        batch = [one for one in batch if store.find(one.ticket.id) is None]
        if not batch:
            return 0
    raise _too_fast(month)


def _operations(
    storage: Storage, month: str, tickets: Sequence[Ticket], entries: Sequence[AuditEntry]
) -> list[Operation]:
    """What makes these tickets and entries, and counts them."""
    tallies: dict[str, Tally] = {}

    def tally(counted_by: str) -> Tally:
        key = key_of(counted_by)
        if key not in tallies:
            tallies[key] = Tally.read(storage, month, key)
        return tallies[key]

    made: list[dict[str, Any]] = []
    for ticket in tickets:
        due = rows.due_row(ticket)
        made += [rows.ticket_entity(ticket), rows.list_entity(ticket), *([due.entity] if due else [])]
        tally(ticket.id).add(month_and_day(ticket.id)[1], ticket, audits=0)
    for entry in entries:
        made += rows.entities_of(entry)
        tally(entry.counted_by).add(entry.month_and_day[1], None, audits=1)
    return [*(("create", row) for row in made), *(one.operation() for one in tallies.values())]


def _batches(loaded: Sequence[Loaded]) -> Iterator[list[Loaded]]:
    """As many as one transaction holds."""
    batch: list[Loaded] = []
    operations = size = 0
    for one in loaded:
        more = _ROWS_OF_A_TICKET + 2 * min(len(one.entries), _MOST_ENTRIES)
        bytes_of_it = len(msgspec.json.encode([one.ticket, one.entries[:_MOST_ENTRIES]]))
        if batch and (operations + more > MOST or size + bytes_of_it > _MOST_BYTES):
            yield batch
            batch, operations, size = [], 0, 0
        batch.append(one)
        operations, size = operations + more, size + bytes_of_it
    if batch:
        yield batch


def _known(store: TicketStore, month: str, ids: Sequence[str]) -> set[str]:
    """Ids of the month's tickets that are there, from the first to the last of `ids`."""
    prefix = rows.TICKET_PREFIX
    first, last = min(ids), max(ids)
    found = store.read(month, prefix, after=first[:-1], until=f"{last}~", select=["RowKey"])
    return {row["RowKey"].removeprefix(prefix) for row in found}


def _claims(loaded: Sequence[Loaded]) -> Iterator[dict[str, Any]]:
    for one in loaded:
        if one.ticket.run_id or one.reported.body is not None:
            held = frozenset(one.ticket.report_keys)
            for run in one.reported.run_hashes:
                yield claims.claim_entity(Claim(run, one.ticket.id, one.ticket.timestamp, won=True, recorded=held))


def _copies(loaded: Sequence[Loaded]) -> Iterator[dict[str, Any]]:
    """Where the ticket's Jira issue and Slack message are: the next look at them brings both in step."""
    for one in loaded:
        ticket = one.ticket
        key = ticket.itsm_ticket_id
        if key and (issue := jira_known.issue_entity(key, ticket.id)):
            yield issue
            # What was told there long ago is not told again as a comment.
            said = Written(said=tuple(entry.id for entry in one.entries))
            content = msgspec.json.encode(said).decode()
            copy = Copy(remote=key, place=key, agreed=ticket.status, content=content)
            yield sync.copy_entity(ticket.id, "jira", copy)
        if ticket.slack_ts and ticket.slack_channel:
            yield sync.copy_entity(ticket.id, "slack", Copy(remote=ticket.slack_ts, place=ticket.slack_channel))


def _place(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["PartitionKey"], row["RowKey"]


def _month(one: Loaded) -> str:
    return month_and_day(one.ticket.id)[0]


def _too_fast(month: str) -> TransientError:
    return TransientError(f"The tickets of {month} change too fast to load others beside them: run this again later.")
