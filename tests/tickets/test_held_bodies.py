"""A raw body that waited in Blob Storage is gone once its failures are in their tickets, whatever dies or repeats."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from rca_core import sources
from rca_core.foundation.settings import Settings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, held_bodies, intake
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.tickets.triage import triage

SETTINGS = Settings(storage=StorageSettings(), dashboard_url="")


class Died(Exception):
    """Stands for the process's death."""


class Desk:
    """Large calls come in, their messages are delivered when and as often as a test likes."""

    def __init__(self, storage: Storage, store: TicketStore, queued: list[FailureMessage]) -> None:
        self.storage, self.store, self.queued = storage, store, queued

    def take(self, *runs: dict[str, Any]) -> list[FailureMessage]:
        """The messages of a call that is too large for the queue."""
        body = json.dumps(list(runs) if len(runs) > 1 else runs[0]).encode()
        already = len(self.queued)
        intake.take(self.storage, "airflow", body, sources.parse("airflow", body))
        return self.queued[already:]

    def triage(self, message: FailureMessage) -> Ticket:
        return triage(self.storage, self.store, SETTINGS, message)

    def waiting(self) -> list[str]:
        return list(self.storage.container(archive.WAITING).list_blob_names())


@pytest.fixture
def desk(storage: Storage, store: TicketStore, monkeypatch: pytest.MonkeyPatch) -> Desk:
    queued: list[FailureMessage] = []
    monkeypatch.setattr(intake, "send", lambda _storage, _queue, message: queued.append(message))
    return Desk(storage, store, queued)


def run(**more: Any) -> dict[str, Any]:
    return {"dag_id": "d", "task_id": "t", "run_id": uuid4().hex, "exception": "x" * 20_000, **more}


def test_the_body_of_several_failures_is_removed_by_whoever_finishes_last(desk: Desk) -> None:
    messages = desk.take(*(run() for _ in range(6)))
    assert {message.body for message in messages} == {None}
    random.shuffle(messages)
    for message in messages:
        assert len(desk.waiting()) == 1
        desk.triage(message)
    assert desk.waiting() == []


def test_so_it_is_when_all_finish_at_once(desk: Desk) -> None:
    messages = desk.take(*(run() for _ in range(12)))
    with ThreadPoolExecutor(12) as pool:
        tickets = list(pool.map(desk.triage, messages))
    assert len({ticket.id for ticket in tickets}) == 12
    assert desk.waiting() == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_delivery_that_comes_again_after_the_body_is_gone_changes_nothing(desk: Desk, count: int) -> None:
    messages = desk.take(*(run(exception="x" * 60_000) for _ in range(count)))
    tickets = [desk.triage(message) for message in messages]
    assert desk.waiting() == []
    assert [desk.triage(message) for message in messages] == tickets


def test_so_it_is_where_two_runs_drew_the_same_ticket_id(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = f"ARF-20261120T120000-{uuid4().hex[:6]}"
    with monkeypatch.context() as luck:
        luck.setattr(claims, "new_ticket_id", lambda source, at: drawn)
        messages = desk.take(*(run(exception="x" * 60_000) for _ in range(2)))
    tickets = [desk.triage(message) for message in messages]
    assert len({ticket.id for ticket in tickets}) == 2 and desk.waiting() == []
    assert [desk.triage(message) for message in messages] == tickets


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("who", [0, 1, 2], ids=["first", "second", "last"])
def test_a_death_at_the_removal_loses_no_body_that_is_needed_and_leaves_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, who: int, when: str
) -> None:
    messages = desk.take(*(run() for _ in range(3)))
    real = held_bodies.release

    def dying(*given: Any) -> None:
        if when == "after":
            real(*given)
        raise Died

    for at, message in enumerate(messages):
        if at == who:
            with monkeypatch.context() as death:
                death.setattr(held_bodies, "release", dying)
                with pytest.raises(Died):
                    desk.triage(message)
        else:
            desk.triage(message)
    desk.triage(messages[who])
    assert desk.waiting() == []


def test_a_failure_that_is_not_done_keeps_the_body_until_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = desk.take(*(run() for _ in range(4)))
    with monkeypatch.context() as death:
        death.setattr(TicketStore, "create", lambda *given: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            desk.triage(messages[1])
    for message in (messages[0], *messages[2:]):
        desk.triage(message)
    assert len(desk.waiting()) == 1
    assert desk.triage(messages[1]).run_id
    assert desk.waiting() == []


def test_a_sender_s_repeat_meanwhile_leaves_no_body(desk: Desk) -> None:
    runs = [run() for _ in range(3)]
    first = desk.take(*runs)
    desk.triage(first[0])
    again = desk.take(*runs)
    assert len(again) == 2, "what is done is not queued again"
    for message in (*first[1:], *again):
        desk.triage(message)
    assert desk.waiting() == []


def test_reports_beyond_those_that_a_claim_records_count_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST_RECORDED", 2)
    one = run()
    for message in desk.take(*({**one, "exception": f"copy {n} failed" + "x" * 20_000} for n in range(4))):
        desk.triage(message)
    assert desk.waiting() == []
