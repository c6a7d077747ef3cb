"""What was seen before: counted once a ticket, pointing to tickets that still say what helped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from rca_core.foundation import clock
from rca_core.foundation.storage import Storage
from rca_core.tickets import recall
from rca_core.tickets.lifecycle import move
from rca_core.tickets.recall import Memory
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Feedback, Ticket
from tests.support.making import NOON, made, make_diagnosis, make_ticket


@pytest.fixture
def key() -> str:
    return f"v1-{uuid4().hex}"


def stored(store: TicketStore, key: str, **given: object) -> Ticket:
    ticket = make_ticket(NOON, fingerprint=key, **given)
    store.create(ticket, made(ticket))
    return ticket


def answered(storage: Storage, key: str, ticket: Ticket) -> None:
    recall.begin_asking(storage, key, ticket.id, looked_at=recall.remembered(storage, key))
    recall.end_asking(storage, key, ticket.id, answered=ticket.id)


def acknowledged(storage: Storage, store: TicketStore, ticket: Ticket, note: str) -> None:
    recall.offer_fix(storage, ticket)
    store.change(ticket.id, lambda now: move(now, "acknowledged", user="ann", origin="test", note=note, at=clock.now()))


def test_a_ticket_is_counted_once_however_often_and_at_once_it_is_delivered(
    storage: Storage, store: TicketStore, key: str
) -> None:
    tickets = [make_ticket(fingerprint=key) for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ticket: recall.note_occurrence(storage, ticket), tickets * 4))
    assert recall.times_seen(storage, key) == 5
    assert recall.times_seen(storage, key, but_for=tickets[0].id) == 4


def test_what_fixed_it_is_what_the_newest_acknowledged_ticket_says(
    storage: Storage, store: TicketStore, key: str
) -> None:
    first, second, third = (stored(store, key) for _ in range(3))
    acknowledged(storage, store, first, "raised the time-out")
    acknowledged(storage, store, second, "rotated the secret")
    fix = recall.fix_of(store, recall.remembered(storage, key), third.id)
    assert fix is not None and fix.resolution == "rotated the secret"

    store.change(second.id, lambda now: move(now, "open", user="bob", origin="test", note="", at=clock.now()))
    fix = recall.fix_of(store, recall.remembered(storage, key), third.id)
    assert fix is not None and fix.resolution == "raised the time-out"


def test_an_offer_whose_acknowledgement_never_came_answers_nothing(
    storage: Storage, store: TicketStore, key: str
) -> None:
    ticket = stored(store, key)
    recall.offer_fix(storage, ticket)
    assert recall.fix_of(store, recall.remembered(storage, key), "another") is None


def test_a_ticket_does_not_recall_itself(storage: Storage, store: TicketStore, key: str) -> None:
    ticket = stored(store, key)
    acknowledged(storage, store, ticket, "restarted it")
    assert recall.fix_of(store, recall.remembered(storage, key), ticket.id) is None


def test_one_ticket_asks_the_model_and_the_others_wait_then_use_its_answer(
    storage: Storage, store: TicketStore, key: str
) -> None:
    first = stored(store, key, diagnosis=make_diagnosis(engine="gemini"))
    assert recall.begin_asking(storage, key, first.id, looked_at=Memory()) == "granted"
    assert recall.begin_asking(storage, key, "second", looked_at=Memory()) == "busy"
    assert recall.begin_asking(storage, key, first.id, looked_at=Memory()) == "granted", "after its own death"
    recall.end_asking(storage, key, first.id, answered=first.id)
    assert recall.begin_asking(storage, key, "second", looked_at=Memory()) == "busy", "it must look again first"
    memory = recall.remembered(storage, key)
    answer = recall.answer_of(store, memory, "second")
    assert answer is not None and answer.id == first.id


def test_an_answer_that_is_old_or_judged_wrong_is_not_used_again(
    storage: Storage, store: TicketStore, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored(store, key, diagnosis=make_diagnosis(engine="gemini"))
    answered(storage, key, first)
    memory = recall.remembered(storage, key)
    assert recall.answer_of(store, memory, "second") is not None

    later = clock.now() + recall.FRESH + timedelta(minutes=1)
    with monkeypatch.context() as week:
        week.setattr(clock, "now", lambda: later)
        assert recall.answer_of(store, memory, "second") is None

    wrong = Feedback(verdict="wrong", note="", user="ann", at=clock.to_iso(clock.now()), engine="gemini")
    judged = stored(store, key, diagnosis=make_diagnosis(engine="gemini"), feedback=[wrong])
    answered(storage, key, judged)
    assert recall.answer_of(store, recall.remembered(storage, key), "second") is None


def test_after_a_failed_call_nobody_asks_for_a_while_and_is_told_why(storage: Storage, key: str) -> None:
    recall.begin_asking(storage, key, "first", looked_at=Memory())
    recall.end_asking(storage, key, "first", failure="it did not answer within 30 s", rest=timedelta(minutes=10))
    told = recall.begin_asking(storage, key, "second", looked_at=recall.remembered(storage, key))
    assert "in vain: it did not answer within 30 s" in told
