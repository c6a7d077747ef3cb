"""Keeping a ticket's Slack message in step: one message a ticket, edited in place, details in its thread.

A queue message says "look at this ticket"; what is written is the ticket as it is when its turn comes, and nothing if
that is what stands there already. So a hundred changes while a message waits for its slot become one edit.

One writing call a slot (`pacing`). If the slot is not now, the message goes back to the queue, to be seen when it is.
The copy's row says when that will be, so that other messages about this ticket leave the writing to that one.

Posting is no transaction with our own storage. So it is noted before that we are about to post; whoever finds that note
without the message's id looks in Slack for the message, by its metadata, before posting again. Not at once: Slack may
still be at a call whose answer we did not wait for.
"""

from datetime import timedelta
from typing import Literal

import msgspec

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble
from rca_core.foundation.queues import Queue, send
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations.slack import Message, MessageGone, Place, RateLimited, Slack
from rca_core.tickets import pacing, slack_message, sync
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import Copy, Lease, SyncMessage
from rca_core.tickets.ticket import Ticket

# We wait ten seconds for an answer, and a call that got none may end a little later. Shorter than the outbox's first
# pause, so that a retry is not put off once more.
UNDER_WAY = timedelta(seconds=14)

_LOOK_AGAIN_SECONDS = 5

Step = Literal["post", "edit", "reply", "edit reply"]


def keep_in_step(storage: Storage, store: TicketStore, settings: Settings, slack: Slack, message: SyncMessage) -> bool:
    """Brings Slack in step with the ticket, as far as the channel's slots allow now; returns whether it is.
    Safe to run again.

    Raises Busy if another worker is at it, OutsideTrouble (come again after `retry_after_seconds`), OutsideRefusal (a
    person must do something first), and NotFound if there is no such ticket.
    """
    with sync.leased(storage, message.ticket_id, "slack") as lease:
        ticket = _recorded(store, store.get(message.ticket_id), lease.copy)
        card, details = slack_message.card(ticket, settings), slack_message.details(ticket)
        while step := _next_step(lease.copy, card, details):
            channel = lease.copy.place if lease.copy.remote else slack.channel
            if not _is_our_turn(storage, lease, channel, message, gives_way=step in ("reply", "edit reply")):
                return False
            try:
                _take(step, slack, lease, card, details)
            except RateLimited as refused:
                pacing.hold(storage, channel, refused.retry_after_seconds)
                raise
            logs.info("slack-written", ticket_id=ticket.id, step=step)
            ticket = _recorded(store, ticket, lease.copy)
            message = SyncMessage(ticket.id)
    return True


def _next_step(copy: Copy, card: Message, details: Message) -> Step | None:
    if copy.gone:
        return None
    if not copy.remote:
        return "post"
    if copy.content != card.digest():
        return "edit"
    if not copy.details:
        return "reply"
    return "edit reply" if copy.details_content != details.digest() else None


def _is_our_turn(storage: Storage, lease: Lease, channel: str, message: SyncMessage, *, gives_way: bool) -> bool:
    """Whether to write now. If not, a message is on its way that will.

    What `gives_way` reserves no slot far ahead: in a burst, the cards of all tickets come before the details of most.
    """
    if message.slot:
        slot = clock.from_iso(message.slot)
        if pacing.is_valid(storage, channel, slot):
            if not pacing.is_due(slot):
                _come_again(storage, message, pacing.seconds_until(slot))
                return False
            return _may_begin(storage, channel, message)
    if lease.copy.slot and not pacing.is_due(clock.from_iso(lease.copy.slot)):
        return False
    if gives_way and (later := pacing.give_way(storage, channel)):
        _come_again(storage, msgspec.structs.replace(message, slot=""), pacing.seconds_until(later))
        return False
    slot = pacing.reserve(storage, channel)
    message = msgspec.structs.replace(message, slot=clock.to_iso(slot))
    if pacing.is_due(slot):
        return _may_begin(storage, channel, message)
    # In this order: a slot in the row without a message that comes for it would hold up every other message.
    _come_again(storage, message, pacing.seconds_until(slot))
    lease.save(slot=clock.to_iso(slot))
    return False


def _may_begin(storage: Storage, channel: str, message: SyncMessage) -> bool:
    """Whether to write now, in the slot of the message. If not, the message is on its way again with its slot."""
    if pacing.begin(storage, channel):
        return True
    _come_again(storage, message, 1)
    return False


def _come_again(storage: Storage, message: SyncMessage, seconds: int) -> None:
    send(storage, Queue.SLACK_UPDATES, message, delay_seconds=seconds)


def _take(step: Step, slack: Slack, lease: Lease, card: Message, details: Message) -> None:
    message = Place(lease.copy.place, lease.copy.remote)
    try:
        if step == "post":
            _post(slack, lease, card)
        elif step == "edit":
            slack.edit(message, card)
            lease.save(content=card.digest())
        elif step == "reply":
            _reply(slack, lease, message, details)
        else:
            _edit_reply(slack, lease, message, details)
    except MessageGone:
        lease.save(gone=True)


def _post(slack: Slack, lease: Lease, card: Message) -> None:
    """Posts the card, or finds it posted; then it may show an earlier state, and is edited at the next turn."""
    copy, content = lease.copy, ""
    _check_nothing_is_under_way(copy)
    found = slack.find(card, copy.place, clock.from_iso(copy.attempted_at)) if copy.attempted_at else None
    if found is None:
        lease.save(attempted_at=clock.to_iso(clock.now()), place=slack.channel)
        try:
            found, content = slack.post(card), card.digest()
        except (OutsideRefusal, RateLimited):
            lease.save(attempted_at="", place="")
            raise
    lease.save(remote=found.ts, place=found.channel, content=content)


def _reply(slack: Slack, lease: Lease, thread: Place, details: Message) -> None:
    """Posts the details, or finds them posted."""
    known = lease.copy.details_content
    if known:
        _check_nothing_is_under_way(lease.copy)
    found = slack.find_reply(details, thread) if known else None
    if found is None:
        known = details.digest()
        lease.save(details_content=known, attempted_at=clock.to_iso(clock.now()))
        try:
            found = slack.post(details, thread=thread)
        except (OutsideRefusal, RateLimited):
            lease.save(details_content="")
            raise
    lease.save(details=found.ts, details_content=known)


def _check_nothing_is_under_way(copy: Copy) -> None:
    """Raises OutsideTrouble if a call was made so short a while ago that Slack may not show yet what it does."""
    if copy.attempted_at and clock.now() - clock.from_iso(copy.attempted_at) < UNDER_WAY:
        raise OutsideTrouble(
            "A message may have been posted just now that Slack does not show yet.",
            retry_after_seconds=_LOOK_AGAIN_SECONDS,
        )


def _edit_reply(slack: Slack, lease: Lease, thread: Place, details: Message) -> None:
    """Edits the details; if somebody deleted them, they stay deleted."""
    try:
        slack.edit(Place(thread.channel, lease.copy.details), details)
    except MessageGone:
        logs.info("slack-details-deleted", ticket_id=details.ticket_id)
    lease.save(details_content=details.digest())


def _recorded(store: TicketStore, ticket: Ticket, copy: Copy) -> Ticket:
    """The ticket, which says where its message is; stored first if it did not. No new version: nobody need look."""
    where = (None, None) if copy.gone else (copy.remote, copy.place)
    if not copy.remote or (ticket.slack_ts, ticket.slack_channel) == where:
        return ticket

    def record(current: Ticket) -> tuple[Ticket, AuditEntry] | None:
        if (current.slack_ts, current.slack_channel) == where:
            return None
        ts, channel = where
        noted = entry(
            ticket.id,
            "Slack Message Posted" if ts else "Slack Message Deleted",
            user="assistant",
            origin="slack",
            at=clock.now(),
            details=f"Message {ts} in channel {channel}."
            if ts
            else "Somebody deleted the message in Slack; it is not posted again.",
        )
        return msgspec.structs.replace(current, slack_ts=ts, slack_channel=channel), noted

    return store.change(ticket.id, record)
