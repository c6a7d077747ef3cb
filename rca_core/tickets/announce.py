"""Telling the rest of the program that a ticket was made or changed."""

import msgspec

from rca_core.foundation.queues import Queue, send
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.ticket import Ticket


class LiveUpdate(msgspec.Struct, frozen=True):
    """What travels on the queue "live-updates": a hint; the page fetches the ticket itself."""

    ticket_id: str
    version: int
    status: str


def announce(storage: Storage, settings: Settings, ticket: Ticket) -> None:
    """Queues what others must hear of. Hearing of it twice does no harm: a hint carries the version."""
    if settings.live_updates:
        send(storage, Queue.LIVE_UPDATES, LiveUpdate(ticket.id, ticket.version, ticket.status))
