"""One message a ticket, whoever dies, repeats or changes what; edited in place; within Slack's limits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import msgspec
import pytest

from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble
from rca_core.integrations.slack import RateLimited, Slack
from rca_core.tickets import pacing, slack_sync, sync
from rca_core.tickets.sync import Busy, Lease
from tests.slack.conftest import Desk, Died
from tests.slack.server import Fault, Posted
from tests.support.making import make_diagnosis


def test_a_new_ticket_is_one_message_with_its_details_in_the_thread(desk: Desk) -> None:
    ticket, card = desk.posted(severity="High", title="pl_orders failed at CopyOrders")
    assert "pl_orders failed at CopyOrders" in card.shown
    assert "The password is wrong." in card.shown
    assert "1. Check the password.\n2. Rerun the pipeline." in card.shown
    assert card.text == f"[High] pl_orders failed at CopyOrders (Open, {ticket.id})"
    assert "90% (rules): a test says so" in desk.details(ticket).shown
    assert (ticket.slack_ts, ticket.slack_channel) == (card.ts, card.channel)
    assert desk.audit(ticket, "Slack Message Posted") == [f"Message {card.ts} in channel {card.channel}."]
    assert ticket.version == 1, "where the message is, is no change that anybody must look at"


def test_it_is_edited_in_place_and_mentions_nobody(desk: Desk) -> None:
    ticket, card = desk.posted()
    for status, shown in (("in_progress", "In progress"), ("acknowledged", "Acknowledged by ada"), ("open", "Open")):
        desk.move(ticket, status)  # type: ignore[arg-type]
        desk.run()
        assert shown in desk.card(ticket).shown
    assert (card.edits, desk.details(ticket).edits) == (3, 0), "details say nothing about the status"
    assert len(desk.server.messages) == 2
    assert not any(
        mark in one.text + one.shown for one in desk.server.messages for mark in ("<!channel", "<!here", "<@")
    )


def test_a_better_diagnosis_is_put_in_place_of_the_old_one(desk: Desk) -> None:
    ticket, card = desk.posted()
    better = make_diagnosis(cause="The firewall is shut.", confidence=0.97, next_checks=("Look at the firewall.",))
    desk.change(ticket, diagnosis=better, rca_result=better.cause)
    desk.run()
    assert "The firewall is shut." in card.shown
    assert "• Look at the firewall." in desk.details(ticket).shown
    assert (card.edits, desk.details(ticket).edits) == (1, 1)


def test_what_changes_nothing_that_is_shown_costs_no_call(desk: Desk) -> None:
    ticket, _ = desk.posted()
    calls = len(desk.server.calls)
    desk.change(ticket, labels={"a": "b"})
    desk.run()
    assert len(desk.server.calls) == calls


def test_a_burst_of_changes_to_one_ticket_becomes_few_edits_and_ends_with_the_last(desk: Desk) -> None:
    ticket, card = desk.posted()
    for number in range(50):
        desk.move(ticket, "in_progress" if number % 2 else "acknowledged", user=f"user {number}")
    desk.move(ticket, "acknowledged", user="the last one")
    deliveries = desk.run()
    assert "Acknowledged by the last one" in card.shown
    assert card.edits <= 2
    assert deliveries < 60


def test_changes_that_go_on_while_it_waits_are_in_the_edit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, card = desk.posted()
    others = [desk.ticket() for _ in range(20)]
    for other in others:
        desk.announce(other)
    keep = slack_sync.keep_in_step
    left = list(range(30))

    def keep_while_others_work(*given: Any) -> None:
        if left:
            desk.move(ticket, "in_progress" if left.pop() % 2 else "acknowledged")
        keep(*given)

    monkeypatch.setattr("tests.slack.conftest.keep_in_step", keep_while_others_work)
    desk.run()
    assert "Acknowledged by ada" in card.shown
    assert card.edits <= 6


def test_writing_keeps_to_one_a_slot(desk: Desk) -> None:
    desk.server.per_second = 1
    tickets = [desk.ticket() for _ in range(25)]
    for ticket in tickets:
        desk.announce(ticket)
    desk.run()
    assert [len(desk.server.replies(desk.card(ticket))) for ticket in tickets] == [1] * 25
    times = [call.at for call in desk.server.calls]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1
    assert not [call for call in desk.server.calls if not call.answer.get("ok")], "Slack never had to refuse"


def test_in_a_burst_all_cards_come_before_most_details(desk: Desk) -> None:
    tickets = [desk.ticket() for _ in range(40)]
    for ticket in tickets:
        desk.announce(ticket)
    deliveries = desk.run()
    threaded = ["thread_ts" in call.arguments for call in desk.server.called("chat.postMessage")]
    assert len(threaded) == 80
    assert sum(threaded[:44]) <= 4
    assert deliveries < 40 * 8, "who waits is not woken all the time"


def test_a_worker_never_waits_for_its_slot(desk: Desk) -> None:
    first, second = desk.ticket(), desk.ticket()
    desk.keep(first)
    before = desk.clock.now()
    desk.keep(second)
    assert desk.clock.now() == before
    assert [one.metadata["event_payload"]["ticket_id"] for one in desk.server.cards()] == [first.id]
    desk.run()
    assert desk.card(second)


def test_a_slot_that_is_long_past_is_not_used_with_all_others_at_once(desk: Desk) -> None:
    desk.server.per_second = 3
    for _ in range(30):
        desk.announce(desk.ticket())
    desk.keep_all()
    desk.clock.move(3_600)  # the app was down
    desk.run()
    assert len(desk.server.cards()) == 30
    assert not [call for call in desk.server.calls if not call.answer.get("ok")]


def test_when_slack_wants_fewer_calls_the_whole_channel_waits_as_long_as_it_says(desk: Desk) -> None:
    desk.server.fail("chat.postMessage", Fault.RATE_LIMITED)
    tickets = [desk.ticket() for _ in range(5)]
    with pytest.raises(RateLimited) as refused:
        desk.keep(tickets[0])
    assert refused.value.retry_after_seconds == 30
    begin = desk.clock.now()
    for ticket in tickets:
        desk.announce(ticket)
    desk.run()
    calls = desk.server.called("chat.postMessage")[1:]
    assert min(call.at for call in calls) >= begin.timestamp() + 30
    assert len({card.ts for card in map(desk.card, tickets)}) == 5
    assert not desk.server.called("conversations.history"), "a refused call was not carried out: nothing to look for"


def test_slots_given_out_before_slack_refused_are_not_used_while_it_does_not_listen(desk: Desk) -> None:
    tickets = [desk.ticket() for _ in range(10)]
    for ticket in tickets:
        desk.announce(ticket)
    desk.server.fail("chat.postMessage", Fault.NONE, Fault.NONE, Fault.RATE_LIMITED)
    desk.run()
    refused = next(call for call in desk.server.calls if not call.answer)
    later = [call.at for call in desk.server.calls if call.at > refused.at]
    assert min(later) >= refused.at + 30
    assert all(map(desk.details, tickets))


def died(monkeypatch: pytest.MonkeyPatch, at: int, when: str) -> Callable[[], bool]:
    """Kills the process before or after its `at`-th effect, once; tells whether it did."""
    count = 0

    def mortal(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            mine = count
            if mine == at and when == "before":
                raise Died
            result = real(*given, **options)
            if mine == at:
                raise Died
            return result

        return call

    release = Lease.release
    monkeypatch.setattr(Lease, "release", lambda lease: None if count == at else release(lease))
    for owner, name in (
        (Lease, "save"),
        (Slack, "post"),
        (Slack, "edit"),
        (Slack, "find"),
        (Slack, "find_reply"),
        (pacing, "reserve"),
        (slack_sync, "send"),
    ):
        monkeypatch.setattr(owner, name, mortal(getattr(owner, name)))
    store_change = slack_sync.TicketStore.change
    monkeypatch.setattr(slack_sync.TicketStore, "change", mortal(store_change))
    return lambda: count >= at


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_anywhere_leaves_one_message_and_one_reply(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    for step in range(1, 100):
        ticket = desk.ticket()
        desk.announce(ticket)
        desk.clock.move(1_000)
        with monkeypatch.context() as death:
            it_died = died(death, step, when)
            desk.run()
        desk.announce(ticket)
        desk.run()
        found = desk.store.get(ticket.id)
        assert (found.slack_ts, found.slack_channel) == (desk.card(ticket).ts, desk.settings.slack.channel)  # type: ignore[union-attr]
        assert desk.details(ticket).thread_ts == found.slack_ts
        assert len(desk.audit(ticket, "Slack Message Posted")) == 1
        if not it_died():
            break
    assert step > 8, "every effect had its turn"


@pytest.mark.parametrize("when", ["before", "after"])
def test_nor_is_a_change_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    for step in range(1, 100):
        ticket, _ = desk.posted()
        desk.move(ticket, "acknowledged")
        with monkeypatch.context() as death:
            it_died = died(death, step, when)
            desk.run()
        assert "Acknowledged by ada" in desk.card(ticket).shown
        if not it_died():
            break
    assert step > 2


def test_two_workers_at_once_post_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    both_are_there = Barrier(2, timeout=10)
    take = sync._take

    def take_together(*given: Any) -> Lease:
        both_are_there.wait()
        return take(*given)

    for _ in range(5):
        ticket = desk.ticket()
        desk.clock.move(60)

        def work(ticket: Any = ticket) -> str:
            try:
                desk.keep(ticket)
            except Busy:
                return "busy"
            return "done"

        with monkeypatch.context() as together, ThreadPoolExecutor(2) as pool:
            together.setattr(sync, "_take", take_together)
            ends = list(pool.map(lambda _, work=work: work(), range(2)))  # type: ignore[misc]
        assert "done" in ends
        desk.announce(ticket)
        desk.run()
        assert desk.details(ticket)


@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.SERVER_ERROR, Fault.MALFORMED])
@pytest.mark.parametrize("which", ["card", "details"])
def test_an_answer_that_was_lost_makes_no_second_message(desk: Desk, fault: str, which: str) -> None:
    for _ in range(3):
        desk.posted()
    ticket = desk.ticket()
    desk.clock.move(60)
    if which == "details":
        desk.keep(ticket)
    desk.server.fail("chat.postMessage", fault)
    desk.announce(ticket)
    desk.run()
    assert desk.details(ticket).metadata == {"event_type": "rca_details", "event_payload": {"ticket_id": ticket.id}}
    looked = desk.server.called("conversations.history" if which == "card" else "conversations.replies")
    assert len(looked) == 1
    assert desk.store.get(ticket.id).slack_ts == desk.card(ticket).ts


def test_it_is_found_among_many_on_any_page(desk: Desk) -> None:
    desk.server.page = 7
    ticket = desk.ticket()
    desk.server.fail("chat.postMessage", Fault.LOST_AFTER)
    with pytest.raises(OutsideTrouble):
        desk.keep(ticket)
    channel = desk.server.cards()[0].channel
    for number in range(30):
        desk.server.messages.append(
            Posted(channel, f"{int(desk.clock.seconds())}.{900_000 + number}", "chatter", [], {})
        )
    desk.announce(ticket)
    desk.run()
    assert len(desk.server.called("conversations.history")) == 5
    mine = [one for one in desk.server.cards() if one.metadata]
    assert [one.ts for one in mine] == [desk.store.get(ticket.id).slack_ts]


def test_a_card_found_after_a_crash_is_brought_up_to_date(desk: Desk) -> None:
    ticket = desk.ticket()
    desk.server.fail("chat.postMessage", Fault.LOST_AFTER)
    with pytest.raises(OutsideTrouble):
        desk.keep(ticket)
    desk.clock.move(30)
    desk.move(ticket, "acknowledged")
    desk.run()
    assert "Acknowledged by ada" in desk.card(ticket).shown


def test_a_message_that_somebody_deleted_stays_deleted(desk: Desk) -> None:
    ticket, card = desk.posted()
    desk.server.delete(card)
    desk.move(ticket, "in_progress")
    desk.run()
    desk.move(ticket, "acknowledged")
    desk.run()
    assert not desk.server.cards()
    assert desk.audit(ticket, "Slack Message Deleted") == [
        "Somebody deleted the message in Slack; it is not posted again."
    ]
    assert desk.store.get(ticket.id).slack_ts is None


def test_so_do_details(desk: Desk) -> None:
    ticket, card = desk.posted()
    desk.server.delete(desk.details(ticket))
    better = make_diagnosis(confidence=0.99)
    desk.change(ticket, diagnosis=better, confidence=0.99)
    desk.run()
    assert desk.server.replies(card) == []
    desk.move(ticket, "acknowledged")
    desk.run()
    assert "Acknowledged" in card.shown


def test_a_refusal_is_told_to_the_operator_and_what_waits_goes_out_when_it_is_mended(desk: Desk) -> None:
    ticket = desk.ticket()
    channel = desk.server.channels.pop()
    desk.announce(ticket)
    desk.run()
    [(message, error)] = desk.dead
    assert isinstance(error, OutsideRefusal) and "/invite" in error.detail
    desk.server.channels.add(channel)
    desk.clock.move(3_600)
    desk.send(desk.storage, "slack-updates", message)
    desk.run()
    assert desk.details(ticket)
    assert not desk.server.called("conversations.history")


def test_a_channel_that_was_changed_in_the_settings_takes_new_tickets_only(desk: Desk) -> None:
    old, card = desk.posted()
    assert desk.settings.slack
    moved = msgspec.structs.replace(desk.settings.slack, channel="C0NEW")
    desk.server.channels.add("C0NEW")
    desk.slack = Slack(moved)
    desk.move(old, "acknowledged")
    desk.run()
    new, _ = desk.posted()
    assert "Acknowledged" in desk.card(old).shown and desk.card(old).channel == card.channel
    assert desk.card(new).channel == "C0NEW"


def test_reservations_of_many_workers_are_all_one_interval_apart(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        slots = sorted(pool.map(lambda _: pacing.reserve(desk.storage, "C#/\\?"), range(40)))
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(seconds=1.25)}
