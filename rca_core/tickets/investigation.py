"""What the queue "diagnoses" does: ask the failing system what happened, then look for the root cause."""

import msgspec

from rca_core.foundation.failure import Failure, Source
from rca_core.foundation.queues import Queue, send
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import recall
from rca_core.tickets.announce import announce
from rca_core.tickets.case import archived_case
from rca_core.tickets.enrichment import can_be_asked, enrich
from rca_core.tickets.explanation import Waiting, explain
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket

_WAIT_SECONDS = 5


def needs_more(settings: Settings, source: Source) -> bool:
    """Whether there is anybody to ask about a failure: the failing system, or the model."""
    return settings.gemini is not None or can_be_asked(settings, source)


def ask_for_more(storage: Storage, settings: Settings, ticket: Ticket, message: FailureMessage) -> None:
    """Queues the investigation of a report, unless it has been made."""
    asked = not can_be_asked(settings, ticket.source) or ticket.was_asked_about(message.report_key)
    explained = settings.gemini is None or message.report_key in ticket.explained
    if not (asked and explained):
        bare = msgspec.structs.replace(message, body=None, body_blob=None, ticket_id=ticket.id)
        send(storage, Queue.DIAGNOSES, bare)


def investigate(storage: Storage, store: TicketStore, settings: Settings, message: FailureMessage) -> Ticket:
    """Brings one report's diagnosis as far as settings and budget allow.

    Safe to run again: what was asked, answered and explained is noted on the ticket, and what a death lost is asked
    again. While another ticket of the same fingerprint is at the model, this one waits on the queue.
    """
    ticket = ticket_before = store.get(message.ticket_id)
    kept = archive.archived(storage, archive.failure_name(ticket.id, message.report_key))
    if kept is None:
        return ticket
    if can_be_asked(settings, ticket.source) and not ticket.was_asked_about(message.report_key):
        ticket = enrich(storage, store, settings, ticket, msgspec.json.decode(kept, type=Failure))
        announce(storage, settings, ticket)
    case = archived_case(storage, ticket, message.report_key)
    if case is None:
        return ticket
    try:
        explained = explain(storage, store, settings, ticket, message.report_key, case, waited=message.waited)
    except Waiting:
        later = msgspec.structs.replace(message, waited=message.waited + 1)
        send(storage, Queue.DIAGNOSES, later, delay_seconds=_WAIT_SECONDS)
        return ticket
    _remember_under(storage, ticket_before.fingerprint, explained)
    announce(storage, settings, explained)
    return explained


def _remember_under(storage: Storage, old_fingerprint: str | None, ticket: Ticket) -> None:
    """The ticket is known by its fingerprint, which what was learned may have changed."""
    if old_fingerprint and old_fingerprint != ticket.fingerprint:
        recall.forget_occurrence(storage, old_fingerprint, ticket.id)
    recall.note_occurrence(storage, ticket)
    if ticket.resolution:
        recall.offer_fix(storage, ticket)
