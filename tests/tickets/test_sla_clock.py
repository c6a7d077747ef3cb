"""The minute's run on real storage: found by due time, marked once, told to everybody, whatever dies or repeats."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from rca_core.foundation import clock
from rca_core.foundation.settings import Settings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.tickets import counters, rows, sla_clock
from rca_core.tickets.lifecycle import move
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.tickets.ticket import Status, Ticket
from tests.support.making import NOON, made, make_ticket

SETTINGS = Settings(storage=StorageSettings(), dashboard_url="", live_updates=True)
HIGH_WARNED, HIGH_DUE = timedelta(seconds=1_350), timedelta(minutes=30)
A_MINUTE = timedelta(minutes=1)


class Minutes:
    """The clock's runs at chosen moments; `told` are the tickets that were announced, as often as they were."""

    def __init__(self, storage: Storage, store: TicketStore) -> None:
        self._storage, self.store = storage, store
        self.told: list[str] = []

    def run(self, at: datetime) -> int:
        return sla_clock.run(self._storage, self.store, SETTINGS, at)

    def announce(self, storage: Storage, settings: Settings, ticket: Ticket) -> None:
        self.told.append(f"{ticket.id} {ticket.sla_status}")

    def due(self, ticket: Ticket) -> list[str]:
        """What is due with the ticket, whenever."""
        found = self._storage.table(TABLE).query_entities("RowKey gt 'D|' and RowKey lt 'D|~'")
        return [row["RowKey"].split("|")[2] for row in found if row["RowKey"].endswith(ticket.id)]

    def actions(self, ticket: Ticket) -> list[str]:
        return [entry.action for entry in self.store.audit_of(ticket.id)]


@pytest.fixture
def minutes(storage: Storage, store: TicketStore, monkeypatch: pytest.MonkeyPatch) -> Minutes:
    every = Minutes(storage, store)
    monkeypatch.setattr(sla_clock, "announce", every.announce)
    every.run(datetime.max.replace(tzinfo=NOON.tzinfo))
    every.told.clear()
    return every


def stored(store: TicketStore, at: datetime = NOON, **given: object) -> Ticket:
    ticket = make_ticket(at, **{"severity": "High", "run_id": uuid4().hex, **given})
    assert store.create(ticket, made(ticket))
    return ticket


def to(store: TicketStore, ticket: Ticket, status: Status, at: datetime) -> Ticket:
    return store.change(ticket.id, lambda current: move(current, status, user="ann", origin="test", note="", at=at))


def test_an_open_ticket_is_warned_of_and_breached_the_minute_it_happens(minutes: Minutes) -> None:
    """The original computed Breached only when a ticket was closed: no open ticket ever breached."""
    ticket = stored(minutes.store)
    assert minutes.due(ticket) == ["warn"]
    assert minutes.run(NOON + HIGH_WARNED) == 0

    assert minutes.run(NOON + HIGH_WARNED + A_MINUTE) == 1
    warned = minutes.store.get(ticket.id)
    assert (warned.sla_warned, warned.sla_status, minutes.due(ticket)) == (True, "Pending", ["breach"])

    assert minutes.run(NOON + HIGH_DUE) == 0
    assert minutes.run(NOON + HIGH_DUE + A_MINUTE) == 1
    breached = minutes.store.get(ticket.id)
    assert (breached.sla_status, breached.status, minutes.due(ticket)) == ("Breached", "open", [])
    assert minutes.actions(ticket) == ["Ticket Created", "SLA Warning", "SLA Breached"]
    assert minutes.told == [f"{ticket.id} Pending", f"{ticket.id} Breached"]
    assert minutes.run(NOON + timedelta(days=1)) == 0


def test_lists_and_counts_show_the_breach_and_equal_a_recount(minutes: Minutes) -> None:
    ticket = stored(minutes.store, status="in_progress")
    minutes.run(NOON + timedelta(hours=1))
    listed = [rows.list_row(row) for row in minutes.store.read("2026-11", rows.list_prefix("in_progress"))]
    assert [row.sla_status for row in listed if row.id == ticket.id] == ["Breached"]
    everything = [rows.ticket_from(row) for row in minutes.store.read("2026-11", "T|")]
    recount = counters.total(counters.contribution(one) for one in everything)
    counted = counters.month_counts(minutes.store.counter_rows("2026-11"))
    assert {**counted, "audits": 0} == {**recount, "audits": 0}
    assert recount["sla:Breached"] >= 1


def test_a_clock_that_was_hours_late_breaches_without_a_warning(minutes: Minutes) -> None:
    ticket = stored(minutes.store)
    assert minutes.run(NOON + timedelta(hours=7)) == 1
    assert minutes.actions(ticket) == ["Ticket Created", "SLA Breached"]
    assert minutes.due(ticket) == []


def test_a_clock_that_stood_still_for_months_finds_what_it_missed(minutes: Minutes) -> None:
    old, new = stored(minutes.store, NOON - timedelta(days=200)), stored(minutes.store)
    assert minutes.run(NOON + timedelta(hours=1)) == 2
    assert {minutes.store.get(ticket.id).sla_status for ticket in (old, new)} == {"Breached"}


def test_two_instances_at_once_mark_each_ticket_once(minutes: Minutes) -> None:
    tickets = [stored(minutes.store) for _ in range(12)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(minutes.run, [NOON + timedelta(hours=1)] * 3))
    assert all(minutes.actions(ticket) == ["Ticket Created", "SLA Breached"] for ticket in tickets)
    assert {f"{ticket.id} Breached" for ticket in tickets} <= set(minutes.told)
    assert all(minutes.due(ticket) == [] for ticket in tickets)


@pytest.mark.parametrize("step", ["change", "announce", "settle"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_dies_anywhere_is_finished_by_the_next(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    ticket = stored(minutes.store)
    holder: object = sla_clock if step == "announce" else minutes.store
    real = getattr(holder, step)

    def dying(*given: object, **named: object) -> None:
        if when == "after":
            real(*given, **named)
        raise ConnectionError("died")

    with monkeypatch.context() as death:
        death.setattr(holder, step, dying)
        minutes.run(NOON + timedelta(hours=1))
    minutes.run(NOON + timedelta(hours=1, minutes=1))
    assert minutes.actions(ticket) == ["Ticket Created", "SLA Breached"]
    assert f"{ticket.id} Breached" in minutes.told
    assert minutes.due(ticket) == []


def test_trouble_with_one_ticket_does_not_keep_another_from_its_turn(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = stored(minutes.store), stored(minutes.store)
    real = minutes.store.change

    def change(ticket_id: str, *given: object, **named: object) -> Ticket:
        if ticket_id == bad.id:
            raise ConnectionError("no storage for you")
        return real(ticket_id, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as trouble:
        trouble.setattr(minutes.store, "change", change)
        minutes.run(NOON + timedelta(hours=1))
    assert minutes.store.get(good.id).sla_status == "Breached"
    assert minutes.due(bad) == ["warn"]
    minutes.run(NOON + timedelta(hours=1, minutes=1))
    assert minutes.store.get(bad.id).sla_status == "Breached"


def test_an_acknowledged_ticket_is_never_due_and_a_reopened_one_is_again(minutes: Minutes) -> None:
    ticket = stored(minutes.store)
    to(minutes.store, ticket, "acknowledged", NOON + A_MINUTE)
    assert minutes.due(ticket) == []
    assert minutes.run(NOON + HIGH_WARNED + A_MINUTE) == 0

    to(minutes.store, ticket, "open", NOON + HIGH_WARNED - A_MINUTE)
    assert minutes.due(ticket) == ["warn"]
    minutes.run(NOON + HIGH_WARNED + A_MINUTE)
    to(minutes.store, ticket, "in_progress", NOON + HIGH_WARNED + A_MINUTE)
    to(minutes.store, ticket, "acknowledged", NOON + HIGH_WARNED + 2 * A_MINUTE)
    to(minutes.store, ticket, "open", NOON + HIGH_WARNED + 3 * A_MINUTE)
    assert minutes.due(ticket) == ["breach"]
    minutes.run(NOON + timedelta(hours=1))
    assert minutes.store.get(ticket.id).sla_status == "Breached"
    assert minutes.actions(ticket).count("SLA Warning") == 1


def test_the_due_row_of_a_ticket_that_somebody_deleted_goes_too(minutes: Minutes, storage: Storage) -> None:
    ticket = stored(minutes.store, NOON - timedelta(days=100))
    storage.table(TABLE).delete_entity("2026-08", rows.ticket_key(ticket.id))
    assert minutes.run(NOON + timedelta(hours=1)) == 1
    assert minutes.due(ticket) == []
    assert minutes.told == []


def test_a_ticket_kept_before_there_was_a_clock_can_still_be_acknowledged(minutes: Minutes, storage: Storage) -> None:
    ticket = stored(minutes.store)
    entity = storage.table(TABLE).get_entity("2026-11", rows.ticket_key(ticket.id))
    storage.table(TABLE).delete_entity("2026-11", entity.pop("due_row"))
    storage.table(TABLE).upsert_entity(entity, mode="replace")
    assert to(minutes.store, ticket, "acknowledged", NOON + A_MINUTE).sla_status == "Met"


def test_the_table_is_never_scanned(minutes: Minutes, store: TicketStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []
    real = store.read

    def read(partition: str, prefix: str, **options: object) -> object:
        asked.append((partition, prefix, str(options.get("until", ""))))
        return real(partition, prefix, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "read", read)
    at = NOON + timedelta(days=2)
    minutes.run(at)
    assert asked[0][0] == "months"
    assert {(prefix, until) for _, prefix, until in asked[1:]} == {("D|", clock.to_iso(at))}
    assert len(asked) == 1 + len(store.months())
