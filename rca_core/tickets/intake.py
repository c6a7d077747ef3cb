"""What a webhook does: claim each failure's run, queue the work, tell the sender which ticket it is."""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import Literal

import msgspec

from rca_core import sources
from rca_core.foundation import clock, logs
from rca_core.foundation.errors import PermanentError
from rca_core.foundation.failure import Failure, Ignored
from rca_core.foundation.queues import MAX_MESSAGE_BYTES, Queue, fits, send
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.sources import Sender
from rca_core.tickets import claims

# One alert may carry hundreds of failures; the sender waits for the answer.
_AT_ONCE = 8


class FailureMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What travels on the queue "failures": which of the body's failures to make a ticket of, and the body.

    Triage parses the body again and finds the failure by run and report: the text is carried once, and the archive
    gets it as it arrived. A body that does not fit waits in a blob, named in `body_blob`. No field may be named like
    the queue trigger's own metadata (`id`, `dequeueCount`, ...): the Functions host copies the fields of a JSON message
    over it. `last` is the run hash and report of the last failure in a body that holds several, whose blob it is as
    well. `first` says that this one was queued when its run was claimed, so that there is hardly a ticket yet; `waited`
    counts how often an investigation had to wait.
    """

    sender: Sender
    ticket_id: str
    run_hash: str
    report_key: str
    claimed_at: str
    received_at: str
    body: str | None = None
    body_blob: str | None = None
    last: tuple[str, str] | None = None
    first: bool = False
    waited: int = 0


def failure_of(message: FailureMessage, body: bytes) -> Failure:
    """The failure that the message is about, wherever in the body this version of the parser finds it."""
    for event in sources.parse(message.sender, body):
        if (
            isinstance(event, Failure)
            and event.report_key == message.report_key
            and claims.run_hash(event) == message.run_hash
        ):
            return event
    raise PermanentError(
        f"The body kept for ticket {message.ticket_id} holds no failure with report {message.report_key}:"
        " the parser has changed since it was queued."
    )


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event of a call."""

    status: Literal["accepted", "duplicate", "ignored"]
    ticket_id: str | None = None
    run_id: str | None = None
    reason: str | None = None


def take(storage: Storage, sender: Sender, body: bytes, events: list[Failure | Ignored]) -> list[Result]:
    """A result for each event, in order. When this returns, every failure is on the queue or in its ticket.

    If the process dies before a failure is queued, the caller got no answer and sends it again: the claim is
    found with nothing recorded, and the failure is queued then.
    """
    intake = _Intake(storage, sender, body, [event for event in events if isinstance(event, Failure)])
    if len(events) == 1:
        return [intake.take(events[0])]
    with ThreadPoolExecutor(_AT_ONCE, initializer=logs.carried()) as pool:
        return list(pool.map(intake.take, events))


class _Intake:
    def __init__(self, storage: Storage, sender: Sender, body: bytes, failures: list[Failure]) -> None:
        self._storage = storage
        self._sender = sender
        self._body = body
        self._last = (claims.run_hash(failures[-1]), failures[-1].report_key) if len(failures) > 1 else None
        self._holding = Lock()

    def take(self, event: Failure | Ignored) -> Result:
        if isinstance(event, Ignored):
            return Result("ignored", reason=event.reason)
        claim = claims.claim(self._storage, event)
        if claim.won or not claim.holds(event.report_key):
            self._queue(event, claim)
        status: Literal["accepted", "duplicate"] = "accepted" if claim.won else "duplicate"
        logs.info(f"failure-{status}", ticket_id=claim.ticket_id, source=event.source, run=claim.run_hash[:12])
        return Result(status, ticket_id=claim.ticket_id, run_id=event.run_id)

    def _queue(self, failure: Failure, claim: claims.Claim) -> None:
        message = FailureMessage(
            sender=self._sender,
            ticket_id=claim.ticket_id,
            run_hash=claim.run_hash,
            report_key=failure.report_key,
            claimed_at=claim.claimed_at,
            received_at=clock.to_iso(clock.now()),
            first=claim.won,
        )
        whole = msgspec.structs.replace(message, body=self._body.decode())
        if len(self._body) < MAX_MESSAGE_BYTES and fits(whole):
            send(self._storage, Queue.FAILURES, whole)
        else:
            with self._holding:
                blob = self._held
            send(
                self._storage,
                Queue.FAILURES,
                msgspec.structs.replace(message, body_blob=blob, last=self._last),
            )

    @cached_property
    def _held(self) -> str:
        """The blob in which the body waits, put there once for all its failures."""
        return archive.hold(self._storage, self._body, clock.now())
