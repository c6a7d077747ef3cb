"""Triage: one message, one report in one ticket, whatever dies, repeats, collides or grows meanwhile."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from rca_core import sources
from rca_core.diagnosis import analyse
from rca_core.foundation.errors import PermanentError
from rca_core.foundation.failure import Link
from rca_core.foundation.settings import Settings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, intake, rows
from rca_core.tickets import triage as module
from rca_core.tickets.case import reported_case
from rca_core.tickets.intake import FailureMessage, Result
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from tests.support.making import make_failure

SETTINGS = Settings(storage=StorageSettings(), dashboard_url="", databricks_host=None, live_updates=True)

Triage = Callable[[FailureMessage], Ticket]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FailureMessage]]:
    """What intake queues, instead of a queue: each test delivers it when and as often as it likes."""
    messages: list[FailureMessage] = []
    monkeypatch.setattr(intake, "send", lambda _storage, _queue, message: messages.append(message))
    yield messages


@pytest.fixture
def triage(storage: Storage, store: TicketStore) -> Triage:
    return lambda message: module.triage(storage, store, SETTINGS, message)


def airflow(run: str, **more: Any) -> dict[str, Any]:
    return {"dag_id": "d", "task_id": "t", "run_id": run, "try_number": 1, "exception": "boom", **more}


def take(storage: Storage, *bodies: dict[str, Any]) -> list[Result]:
    body = json.dumps(bodies[0] if len(bodies) == 1 else bodies).encode()
    return intake.take(storage, "airflow", body, sources.parse("airflow", body))


class Died(Exception):
    """Stands for the process's death."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["archive.archive", "TicketStore.create", "claims.record", "announce"])
def test_a_triage_that_dies_anywhere_is_finished_by_the_next_delivery(
    storage: Storage,
    store: TicketStore,
    queued: list[FailureMessage],
    triage: Triage,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
) -> None:
    take(storage, airflow(uuid4().hex))
    holder, _, name = step.rpartition(".")
    owner = getattr(module, holder) if holder else module
    real = getattr(owner, name)

    def dying(*args: object, **options: object) -> object:
        if when == "after":
            real(*args, **options)
        raise Died

    with monkeypatch.context() as death:
        death.setattr(owner, name, dying)
        with pytest.raises(Died):
            triage(queued[0])

    ticket = triage(queued[0])
    assert triage(queued[0]) == ticket == store.get(ticket.id)
    assert len(ticket.reports) == 1
    assert [entry.action for entry in store.audit_of(ticket.id)] == ["Ticket Created"]
    assert take(storage, airflow(ticket.run_id or ""))[0].status == "duplicate"
    assert len(queued) == 1, "a repeat of a recorded report needs no more work"


@pytest.fixture
def two_runs_of_one_id(
    storage: Storage, queued: list[FailureMessage], monkeypatch: pytest.MonkeyPatch
) -> list[FailureMessage]:
    drawn = f"ARF-20261120T120000-{uuid4().hex[:6]}"
    monkeypatch.setattr(claims, "new_ticket_id", lambda source, at: drawn)
    for _ in range(2):
        take(storage, airflow(uuid4().hex))
    assert queued[0].ticket_id == queued[1].ticket_id
    return queued


def test_two_runs_that_drew_the_same_ticket_id_are_two_tickets(
    two_runs_of_one_id: list[FailureMessage], triage: Triage
) -> None:
    first, second = map(triage, two_runs_of_one_id)
    assert first.id != second.id
    assert (first.run_hash, second.run_hash) == tuple(message.run_hash for message in two_runs_of_one_id)
    assert triage(two_runs_of_one_id[1]).id == second.id


def test_so_they_are_when_both_are_made_at_the_same_moment(
    two_runs_of_one_id: list[FailureMessage], triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_are_there = Barrier(2, timeout=10)
    create = TicketStore.create
    waits = [True, True]

    def create_together(store: TicketStore, *given: Any) -> bool:
        if waits:
            waits.pop()
            both_are_there.wait()
        return create(store, *given)

    monkeypatch.setattr(TicketStore, "create", create_together)
    with ThreadPoolExecutor(2) as pool:
        tickets = list(pool.map(triage, two_runs_of_one_id))
    assert [ticket.run_hash for ticket in tickets] == [message.run_hash for message in two_runs_of_one_id]
    assert [len(ticket.reports) for ticket in tickets] == [1, 1]


def test_a_parser_that_finds_events_in_another_order_changes_nothing(
    storage: Storage, queued: list[FailureMessage], triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [uuid4().hex for _ in range(3)]
    take(storage, *(airflow(run) for run in runs))
    parse = sources.parse
    monkeypatch.setattr(sources, "parse", lambda *given: parse(*given)[::-1])
    by_hash = {message.run_hash: triage(message).run_id for message in queued}
    assert sorted(filter(None, by_hash.values())) == sorted(runs)


def test_a_parser_that_no_longer_finds_the_failure_fails_loudly(
    storage: Storage, queued: list[FailureMessage], triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(storage, airflow(uuid4().hex))
    monkeypatch.setattr(sources, "parse", lambda *given: [])
    with pytest.raises(PermanentError, match="parser has changed"):
        triage(queued[0])


def test_every_report_of_a_run_is_kept_however_many(
    storage: Storage, store: TicketStore, queued: list[FailureMessage], triage: Triage
) -> None:
    run = uuid4().hex
    count = claims.MOST_RECORDED + 5
    for number in range(count):
        take(storage, airflow(run, exception=f"copy number {number} failed"))
    assert len(queued) == count
    for message in queued:
        ticket = triage(message)
    assert len(ticket.report_keys) == count
    assert triage(queued[-1]) == ticket, "the last one again changes nothing"
    assert len(store.audit_of(ticket.id)) == count
    last = archive.archived(storage, archive.archive_name(ticket.id, queued[-1].report_key))
    assert last is not None and f"copy number {count - 1} failed" in last.decode()


def test_a_body_with_many_failures_waits_in_one_blob(
    storage: Storage, queued: list[FailureMessage], triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []
    hold = archive.hold
    monkeypatch.setattr(archive, "hold", lambda *given: held.append(hold(*given)) or held[-1])
    take(storage, *(airflow(uuid4().hex, exception="x" * 3_000) for _ in range(40)))
    assert len(held) == 1
    assert {message.body_blob for message in queued} == set(held)
    assert len({triage(message).id for message in queued[:3]}) == 3


@pytest.mark.parametrize("character", ["x", "é", "😀", '"', "\x00"])
def test_the_largest_ticket_fits_an_entity_as_table_storage_counts(storage: Storage, character: str) -> None:
    """Two bytes a UTF-16 unit, names included; 8 and more for each property. The limit is 1 MiB."""
    long = character * 1_000
    failure = make_failure(
        message=character * 500_000,
        pipeline=long,
        title=character * 200,
        entity={f"name {n}": long for n in range(60)},
        labels={f"label {n}": long for n in range(50)},
        links=tuple(Link("query", f"https://example.net/{n}/" + "z" * 7_900) for n in range(20)),
        runs=tuple(f"{n}{long}"[:512] for n in range(100)),
        error_code=long,
    )
    message = FailureMessage(
        sender="airflow",
        ticket_id="ADF-20261120T120000-aaaaaa",
        run_hash="ab" * 32,
        report_key="r1",
        claimed_at="2026-11-20T12:00:00.000Z",
        received_at="2026-11-20T12:00:00.000Z",
    )
    archived = archive.Archived("2026-11/x", "https://example.net/x")
    case = reported_case(message.ticket_id, failure)
    diagnosis = analyse(failure, case.verdict, case.documents)
    ticket = module._new_ticket(storage, SETTINGS, message, case, diagnosis, archived)
    for number in range(2, 400):
        again = msgspec.structs.replace(message, report_key=f"r{number}")
        changed = module._with_report(ticket, again, make_failure(**_fields(failure, again.report_key)), archived)
        assert changed is not None
        ticket = changed[0]

    entity = rows.ticket_entity(ticket)
    counted = sum(2 * _units(name) + 2 * _units(str(value)) + 12 for name, value in entity.items())
    assert counted < 1024 * 1024
    assert len(json.dumps(entity)) < 1024 * 1024
    assert len(entity) < 250
    assert rows.ticket_from(entity) == ticket


def _fields(failure: Any, report_key: str) -> dict[str, Any]:
    return {**msgspec.structs.asdict(failure), "report_key": report_key}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
