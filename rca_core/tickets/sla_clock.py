"""Every minute: which tickets are due a warning or are overdue, told to everybody who shows them.

What is due is found by one range query on due time for each month that has tickets (1,000 rows; the rest a minute
later), never by looking at tickets: after a year 13 requests a minute, 2 cents a month. Old months are asked as well,
so that a clock that stood still for long misses nothing.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import NotFound
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.announce import announce
from rca_core.tickets.rows import DueRow
from rca_core.tickets.sla import passed
from rca_core.tickets.store import TicketStore

_AT_ONCE = 8


def run(storage: Storage, store: TicketStore, settings: Settings, now: datetime | None = None) -> int:
    """Does what is due by now and returns how many rows were due.

    Safe to run twice, at once, late, and again after a death on any line: a ticket is changed once, and what was not
    told yet stands among what is due. A row whose turn fails is logged and stays for the next minute.
    """
    at = now or clock.now()
    due = [row for month in store.months() for row in store.due(month, at)]
    with ThreadPoolExecutor(_AT_ONCE, initializer=logs.carried()) as pool:
        list(pool.map(lambda row: _take_turn(storage, store, settings, row, at), due))
    if due:
        logs.info("sla-clock", due=len(due))
    return len(due)


def _take_turn(storage: Storage, store: TicketStore, settings: Settings, row: DueRow, at: datetime) -> None:
    try:
        _settle(storage, store, settings, row, at)
    except Exception as error:  # noqa: BLE001 - one ticket's trouble must not keep the others waiting; it is logged, and its row stays
        logs.failure("sla-clock-failed", error, ticket_id=row.ticket_id, due=row.at)


def _settle(storage: Storage, store: TicketStore, settings: Settings, row: DueRow, at: datetime) -> None:
    tell = DueRow(row.at, "tell", row.ticket_id)
    try:
        if row == tell:
            ticket = store.get(row.ticket_id)
        else:
            ticket = store.change(row.ticket_id, lambda current: passed(current, at), tell=tell)
            if ticket.sla_status == "Breached":
                logs.warning("sla-breached", ticket_id=ticket.id, priority=ticket.priority, status=ticket.status)
    except NotFound:
        logs.warning("sla-of-no-ticket", ticket_id=row.ticket_id, due=row.at)
        store.settle(row)
        return
    announce(storage, settings, ticket)
    store.settle(tell)
