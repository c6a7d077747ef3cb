"""Loads the earlier program's database: tickets as they were, what leads to them, their trail, and the accounts.

A ticket that is there already stays as it is, so that loading again adds nothing and, after a death, what is missing.
Nobody is told of loaded tickets: Jira and Slack have theirs. A row that cannot be read is reported and left out.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from rca_core.diagnosis.redaction import Redactor
from rca_core.foundation import clock
from rca_core.foundation.errors import PermanentError
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.upkeep.original import words
from rca_core.upkeep.original.database import Original, Row
from rca_core.upkeep.original.people import load_people
from rca_core.upkeep.original.report import Report
from rca_core.upkeep.original.reported import Places, reported
from rca_core.upkeep.original.ticket import ticket_of
from rca_core.upkeep.original.trail import Trail
from rca_core.upkeep.original.writing import Loaded, add_entries, archive_payload, store_surroundings, store_tickets
from rca_core.upkeep.progress import Say

# Tickets that are held in memory at a time.
_AT_A_TIME = 500


def load(
    storage: Storage, store: TicketStore, path: Path, say: Say, *, places: Places | None = None, dashboard_url: str = ""
) -> Report:
    """Loads the file; returns what was done and what could not be kept. Raises NotFound and MalformedRequest for what
    is no such file.
    """
    original, report = Original(path), Report()
    try:
        trail = Trail(original, report)
        found = _tickets(original, trail, report, places or Places(), dashboard_url)
        runs: set[str] = set()
        while batch := list(islice(found, _AT_A_TIME)):
            batch = [archive_payload(storage, one) for one in batch]
            new = store_tickets(storage, store, batch)
            store_surroundings(storage, batch)
            report.count("tickets loaded", new)
            report.count("tickets there already", len(batch) - new)
            for one in batch:
                if not runs.isdisjoint(one.reported.run_hashes):
                    report.change("run", "an earlier ticket has it as well, and gets its repeats")
                runs.update(one.reported.run_hashes)
            say(f"{report.counts['tickets loaded']:,} tickets loaded")
        for entry in trail.rest():
            month = entry.time[:7]
            store.note_month(month)
            report.count("audit entries without a ticket loaded", add_entries(storage, store, month, [entry]))
        load_people(storage, original, report)
    finally:
        original.close()
    return report


def _tickets(original: Original, trail: Trail, report: Report, places: Places, dashboard_url: str) -> Iterator[Loaded]:
    now = clock.now()
    for row in original.tickets():
        try:
            yield _loaded(row, trail, report, places, dashboard_url, now)
        except (PermanentError, ValueError, TypeError, KeyError) as error:
            report.skip(f"ticket {str(row.get('id'))[:60]}", str(error) or type(error).__name__)


def _loaded(row: Row, trail: Trail, report: Report, places: Places, dashboard_url: str, now: datetime) -> Loaded:
    ticket_id = str(row.get("id") or "")
    redactor = Redactor()
    known = reported(row, words.source_of(ticket_id), places, redactor)
    ticket = ticket_of(row, known, report, redactor, dashboard_url, now)
    entries = trail.of(ticket_id, words.offset_of(ticket_id, str(row.get("timestamp") or "")))
    report.count("audit entries of tickets", len(entries))
    return Loaded(ticket, entries, known)
