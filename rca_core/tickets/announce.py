"""Telling the rest of the program that a ticket was made or changed: open pages, Jira, Slack."""

import msgspec

from rca_core.foundation.queues import Queue, send
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.sync import SyncMessage
from rca_core.tickets.ticket import Ticket

# Longer than a change takes, so that whoever looks then sees it.
_LATER_SECONDS = 30


class LiveUpdate(msgspec.Struct, frozen=True):
    """What travels on the queue "live-updates": a hint; the page fetches the ticket itself."""

    ticket_id: str
    version: int
    status: str


def announce(storage: Storage, settings: Settings, ticket: Ticket) -> None:
    """Queues what others must hear of. Hearing of it twice does no harm: nobody believes the message, all look."""
    for queue in _copies(settings):
        send(storage, queue, SyncMessage(ticket.id))
    if settings.live_updates:
        send(storage, Queue.LIVE_UPDATES, LiveUpdate(ticket.id, ticket.version, ticket.status))


def announce_later(storage: Storage, settings: Settings, ticket_id: str) -> None:
    """Queues, before a change is made, that Jira and Slack are looked at after it: whatever dies in between, they
    hear of it.
    """
    for queue in _copies(settings):
        send(storage, queue, SyncMessage(ticket_id), delay_seconds=_LATER_SECONDS)


def _copies(settings: Settings) -> list[Queue]:
    return [
        queue
        for queue, there in ((Queue.JIRA_UPDATES, settings.jira), (Queue.SLACK_UPDATES, settings.slack))
        if there is not None
    ]
