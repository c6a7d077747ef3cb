"""The one door through which people change a ticket, from whichever side they come: API, Jira, Slack."""

from azure.core.exceptions import AzureError

from rca_core.diagnosis.redaction import redact
from rca_core.foundation import clock, logs
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import feedback, recall
from rca_core.tickets.announce import announce, announce_later
from rca_core.tickets.lifecycle import move
from rca_core.tickets.store import Change, TicketStore
from rca_core.tickets.ticket import Judgement, Status, Ticket


def change_status(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    ticket_id: str,
    status: Status | None,
    *,
    user: str,
    origin: str,
    note: str = "",
    expected_version: int | None = None,
) -> Ticket:
    """Moves a ticket to `status` (None: where it is) with a note, tells everybody who shows it, and returns it.

    Secrets in the note are masked. Raises NotFound, and Conflict if `expected_version` is given and no longer current.
    """
    at, note = clock.now(), redact(note).text
    ticket = store.get(ticket_id)
    if note and (status or ticket.status) == "acknowledged" and expected_version in (None, ticket.version):
        recall.offer_fix(storage, ticket)
    return _change(
        storage,
        store,
        settings,
        ticket_id,
        lambda current: move(current, status or current.status, user=user, origin=origin, note=note, at=at),
        expected_version,
    )


def judge_ticket(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    ticket_id: str,
    verdict: Judgement,
    *,
    user: str,
    origin: str,
    note: str = "",
) -> Ticket:
    """Notes what a person says of the ticket's diagnosis; secrets in the note are masked. Raises NotFound."""
    at, note = clock.now(), redact(note).text
    ticket = store.get(ticket_id)
    if verdict == "wrong":
        recall.withdraw(storage, ticket)
    return _change(
        storage,
        store,
        settings,
        ticket_id,
        lambda current: feedback.judge(current, verdict, user=user, origin=origin, note=note, at=at),
        None,
    )


def _change(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    ticket_id: str,
    change: Change,
    expected_version: int | None,
) -> Ticket:
    """Stores the change and announces it. Should the process die in between, what `announce_later` queued before
    brings the other sides in step all the same.
    """
    announce_later(storage, settings, ticket_id)
    ticket = store.change(ticket_id, change, expected_version=expected_version)
    try:
        announce(storage, settings, ticket)
    except AzureError as error:
        # The change stands: an answer of 503 would make the caller repeat it and be told 409.
        logs.warning("announcement-lost", ticket_id=ticket.id, error=type(error).__name__)
    return ticket
