"""Raw bodies that wait in Blob Storage are removed once every failure in them is in its ticket.

Nothing counts who still needs a body: that is read from the claims, so that a delivery that repeats, or dies, changes
nothing. Whoever finishes last sees all of them done.
"""

from rca_core import sources
from rca_core.foundation.failure import Failure
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.store import TicketStore


def release(storage: Storage, store: TicketStore, message: FailureMessage) -> None:
    """Removes the body of a message whose report is in its ticket, unless other failures of the body are not yet."""
    if message.body_blob and (message.last is None or _all_done(storage, store, message, message.body_blob)):
        archive.release(storage, message.body_blob)


def _all_done(storage: Storage, store: TicketStore, message: FailureMessage, blob: str) -> bool:
    # Mostly the last of a body is handled last: one look tells that it is too early, without reading the body.
    if message.last and not _is_done(storage, store, *message.last):
        return False
    body = archive.held(storage, blob)
    return body is not None and all(
        _is_done(storage, store, claims.run_hash(event), event.report_key)
        for event in sources.parse(message.sender, body)
        if isinstance(event, Failure)
    )


def _is_done(storage: Storage, store: TicketStore, run_hash: str, report_key: str) -> bool:
    claim = claims.find(storage, run_hash)
    if claim is None or claim.holds(report_key):
        return claim is not None
    if len(claim.recorded) < claims.MOST_RECORDED:
        return False
    ticket = store.find(claim.ticket_id)
    return ticket is not None and ticket.knows(report_key)
