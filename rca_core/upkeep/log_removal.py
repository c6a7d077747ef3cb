"""Removing archived texts that are old enough, and bodies that wait for a triage that will never be.

Texts of a ticket that nobody acknowledged stay: somebody may be at work with them. A ticket whose texts are gone says
so where they were linked.
"""

from collections.abc import Callable
from datetime import datetime

from rca_core.foundation.errors import NotFound
from rca_core.foundation.queues import Queue
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import dead_letters, rows
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import STATUSES, month_and_day


def remove_logs(storage: Storage, store: TicketStore, before: datetime, go_on: Callable[[], bool]) -> int:
    """Removes the archived texts of failures from before then, as long as `go_on` says so; returns how many blobs.

    What came later to such a failure's ticket, as a repeat of the run does, stays until it is that old itself.
    """
    removed = 0
    for month in archive.months_archived(storage):
        if month > f"{before:%Y-%m}" or not go_on():
            break
        at_work = _unacknowledged(store, month)
        for ticket_id in archive.tickets_archived(storage, month):
            if not go_on():
                return removed
            if ticket_id not in at_work and _is_from_before(ticket_id, before):
                removed += archive.remove_of_ticket(storage, ticket_id, before)
    return removed


def remove_unclaimed(storage: Storage, before: datetime) -> int:
    """Removes the bodies that have waited since before then and that no message names; returns how many.

    Only while the queue of failures is empty: a message in it could name any of them, and cannot be looked at.
    """
    found = archive.held_since(storage, before)
    if not found or any(_holds_messages(storage, name) for name in (Queue.FAILURES, f"{Queue.FAILURES}-poison")):
        return 0
    named = dead_letters.bodies_named(storage)
    unclaimed = [name for name in found if name not in named]
    for name in unclaimed:
        archive.release(storage, name)
    return len(unclaimed)


def _unacknowledged(store: TicketStore, month: str) -> set[str]:
    return {
        row["RowKey"].rpartition("|")[2]
        for status in STATUSES
        if status != "acknowledged"
        for row in store.read(month, rows.list_prefix(status), select=["RowKey"])
    }


def _is_from_before(ticket_id: str, before: datetime) -> bool:
    try:
        month, day = month_and_day(ticket_id)
    except NotFound:  # nothing of ours
        return False
    return f"{month}-{day:02d}" < f"{before:%Y-%m-%d}"


def _holds_messages(storage: Storage, queue: str) -> bool:
    return bool(storage.queue(queue).get_queue_properties().approximate_message_count)
