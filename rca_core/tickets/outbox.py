"""Delivering to another system: retried with growing pauses while it may help, then kept with the reason.

The pauses are messages that become visible later, not sleeping threads: a system that is down holds up nobody.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import msgspec

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import NotFound, PermanentError, TransientError
from rca_core.foundation.queues import Queue, send, written
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters
from rca_core.tickets.sync import Busy, SyncMessage

FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 600
MOST_TRIES = 45
"""About seven hours, with pauses that grow from 15 s to ten minutes."""

Outcome = Literal["done", "put-off", "ticket-gone", "delayed", "dead"]


def deliver(
    storage: Storage, queue: Queue, message: SyncMessage, step: Callable[[SyncMessage], bool | None]
) -> Outcome:
    """Runs `step` on the message; it returns False if it put the work off to a later message. Trouble of
    the other system comes back later (`delayed`), a refusal becomes a dead letter.

    Trouble of our storage propagates: the host tries again. If the process dies after a message was sent to come back
    later, this one is delivered again as well: `step` looks before it acts.
    """
    body = written(SyncMessage(message.ticket_id, by=message.by))
    try:
        put_off = step(message) is False
    except Busy as busy:
        send(storage, queue, message, delay_seconds=busy.retry_after_seconds)
        return "put-off"
    except NotFound:
        logs.warning("ticket-gone", queue=queue, ticket_id=message.ticket_id)
        return "ticket-gone"
    except TransientError as trouble:
        return _come_back(storage, queue, message, body, trouble)
    except PermanentError as refusal:
        dead_letters.record(storage, queue, body, state="dead", reason=refusal.detail, tries=message.tries + 1)
        return "dead"
    if put_off:
        return "put-off"
    dead_letters.settled(storage, queue, body)
    return "done"


def _come_back(storage: Storage, queue: Queue, message: SyncMessage, body: bytes, trouble: TransientError) -> Outcome:
    tries = message.tries + 1
    if tries >= MOST_TRIES:
        dead_letters.record(storage, queue, body, state="dead", reason=trouble.detail, tries=tries)
        return "dead"
    pause = max(trouble.retry_after_seconds, min(FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, 10), LONGEST_PAUSE_SECONDS))
    send(storage, queue, msgspec.structs.replace(message, tries=tries, slot=""), delay_seconds=pause)
    next_try = clock.to_iso(clock.now() + timedelta(seconds=pause))
    dead_letters.record(storage, queue, body, state="retrying", reason=trouble.detail, tries=tries, next_try=next_try)
    logs.warning("delivery-delayed", queue=queue, ticket_id=message.ticket_id, tries=tries, pause_seconds=pause)
    return "delayed"
