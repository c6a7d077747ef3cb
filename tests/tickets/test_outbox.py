"""Deliveries: retried with growing pauses, kept with the reason when that does not help, sent again by an operator."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from rca_core.foundation.errors import NotFound, OutsideRefusal, OutsideTrouble
from rca_core.foundation.queues import Queue
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters, outbox
from rca_core.tickets.dead_letters import DeadLetter
from rca_core.tickets.sync import Busy, SyncMessage, leased, read


def fails(error: Exception) -> Callable[[SyncMessage], None]:
    def step(_: SyncMessage) -> None:
        raise error

    return step


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[SyncMessage, int]]:
    """What came back onto the queue, with its delay."""
    messages: list[tuple[SyncMessage, int]] = []

    def send(_storage: Any, _queue: Any, message: SyncMessage, *, delay_seconds: int = 0) -> None:
        messages.append((message, delay_seconds))

    monkeypatch.setattr(outbox, "send", send)
    return messages


@pytest.fixture
def message() -> SyncMessage:
    return SyncMessage(f"ADF-20261120T120000-{uuid4().hex[:6]}")


def letters(storage: Storage, message: SyncMessage) -> list[DeadLetter]:
    return dead_letters.of_ticket(storage, message.ticket_id)


def test_trouble_comes_back_later_and_later_and_is_shown_meanwhile(
    storage: Storage, message: SyncMessage, sent: list[tuple[SyncMessage, int]]
) -> None:
    trouble = OutsideTrouble("Slack answered 503.", retry_after_seconds=1)
    for tries in range(9):
        outbox.deliver(storage, Queue.SLACK_UPDATES, sent[-1][0] if tries else message, fails(trouble))
    assert [delay for _, delay in sent] == [15, 30, 60, 120, 240, 480, 600, 600, 600]
    [letter] = letters(storage, message)
    assert (letter.state, letter.reason, letter.tries) == ("retrying", "Slack answered 503.", 9)
    assert letter.next_try > letter.at


def test_what_the_other_system_asks_for_is_waited_for(
    storage: Storage, message: SyncMessage, sent: list[tuple[SyncMessage, int]]
) -> None:
    outbox.deliver(storage, Queue.SLACK_UPDATES, message, fails(OutsideTrouble("429", retry_after_seconds=77)))
    assert sent[0][1] == 77


def test_a_success_ends_the_trouble(
    storage: Storage, message: SyncMessage, sent: list[tuple[SyncMessage, int]]
) -> None:
    outbox.deliver(storage, Queue.JIRA_UPDATES, message, fails(OutsideTrouble("down")))
    outbox.deliver(storage, Queue.JIRA_UPDATES, sent[0][0], lambda _: None)
    assert letters(storage, message) == []


@pytest.mark.parametrize("tries", [0, outbox.MOST_TRIES - 1])
def test_a_refusal_and_what_was_tried_long_enough_are_kept_and_can_be_replayed(
    storage: Storage, message: SyncMessage, sent: list[tuple[SyncMessage, int]], tries: int
) -> None:
    error = OutsideTrouble("no channel") if tries else OutsideRefusal("no channel")
    outbox.deliver(storage, Queue.SLACK_UPDATES, msgspec.structs.replace(message, tries=tries), fails(error))
    assert sent == []
    [letter] = letters(storage, message)
    assert (letter.state, letter.reason) == ("dead", "no channel")
    assert letter in dead_letters.listed(storage)

    dead_letters.replay(storage, letter.id)
    [waiting] = storage.queue(Queue.SLACK_UPDATES).receive_messages(max_messages=1)
    storage.queue(Queue.SLACK_UPDATES).delete_message(waiting)
    assert msgspec.json.decode(waiting.content, type=SyncMessage) == message, "with its tries to begin anew"
    assert letters(storage, message) == []
    with pytest.raises(NotFound, match="was replayed, or delivered since"):
        dead_letters.replay(storage, letter.id)


def test_while_another_works_on_the_copy_the_message_waits_without_counting_a_try(
    storage: Storage, message: SyncMessage, sent: list[tuple[SyncMessage, int]]
) -> None:
    outbox.deliver(storage, Queue.SLACK_UPDATES, message, fails(Busy("at work", retry_after_seconds=2)))
    assert sent == [(message, 2)]
    assert letters(storage, message) == []


def test_a_message_from_a_poison_queue_keeps_the_reason_that_was_noted(storage: Storage) -> None:
    body = msgspec.json.encode({"ticket_id": "ADF-20261120T120000-poison", "report_key": "r"})
    dead_letters.record(storage, Queue.FAILURES, body, state="retrying", reason="Storage is read-only.", tries=19)
    dead_letters.record(storage, Queue.FAILURES, body, state="dead")
    [letter] = dead_letters.of_ticket(storage, "ADF-20261120T120000-poison")
    assert (letter.state, letter.reason, letter.tries) == ("dead", "Storage is read-only.", 19)


def test_a_message_that_nobody_can_read_is_kept_whole(storage: Storage) -> None:
    body = b"no JSON " + b"x" * 40_000
    dead_letters.record(storage, Queue.FAILURES, body, state="dead")
    [letter] = [one for one in dead_letters.listed(storage) if one.ticket_id == ""]
    dead_letters.replay(storage, letter.id)
    [waiting] = storage.queue(Queue.FAILURES).receive_messages(max_messages=1)
    assert waiting.content == body.decode()


def test_a_copy_has_one_worker_at_a_time_and_the_next_after_a_death(storage: Storage, message: SyncMessage) -> None:
    with leased(storage, message.ticket_id, "jira") as lease:
        lease.save(remote="RCA-1")
        with pytest.raises(Busy), leased(storage, message.ticket_id, "jira"):
            pass
        with leased(storage, message.ticket_id, "slack"):
            pass
    with (
        leased(storage, message.ticket_id, "jira", seconds=-1) as dead,
        leased(storage, message.ticket_id, "jira"),
        pytest.raises(Busy),  # the one whose lease ran out must not write over the other's work
    ):
        dead.save(remote="RCA-2")
    assert read(storage, message.ticket_id, "jira").remote == "RCA-1"
