"""Tickets on Table Storage: one transaction a change, guarded against writers that meet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from rca_core.foundation.errors import Conflict, NotFound
from rca_core.foundation.storage import Storage
from rca_core.tickets import counters, name_counts, rows
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.lifecycle import move
from rca_core.tickets.queries import list_audit, summary
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.tickets.ticket import Ticket
from tests.support.making import NOON, made, make_diagnosis, make_ticket


def stored(store: TicketStore, **given: object) -> Ticket:
    ticket = make_ticket(**given)  # type: ignore[arg-type]
    assert store.create(ticket, made(ticket))
    return ticket


def test_a_stored_ticket_reads_back_as_it_was(store: TicketStore) -> None:
    ticket = stored(store, labels={"team": "sales"}, error_code="18456")
    assert store.get(ticket.id) == ticket


def test_texts_longer_than_a_table_property_read_back_whole(store: TicketStore) -> None:
    long = stored(store, message="é😀" * 40_000, diagnosis=make_diagnosis(cause="x" * 50_000))
    assert store.get(long.id) == long


def test_a_ticket_is_created_once(store: TicketStore) -> None:
    ticket = stored(store)
    assert not store.create(msgspec.structs.replace(ticket, title="another"), made(ticket))
    assert store.get(ticket.id).title == ticket.title
    assert len(store.audit_of(ticket.id)) == 1


def test_a_change_moves_the_list_row_and_adds_the_audit_entry(store: TicketStore, storage: Storage) -> None:
    ticket = stored(store)
    changed = acknowledge(store, ticket.id, "ann")
    assert (changed.status, changed.version, changed.ack_user) == ("acknowledged", 2, "ann")
    listed = [
        row["RowKey"]
        for row in storage.table(TABLE).query_entities("PartitionKey eq '2026-11' and RowKey gt 'S|'")
        if ticket.id in row["RowKey"] and row["RowKey"].startswith("S|")
    ]
    assert listed == [rows.list_key(changed)]
    assert [one.action for one in store.audit_of(ticket.id)] == ["Ticket Created", "Ticket Acknowledged"]


def test_a_change_based_on_an_old_version_is_refused(store: TicketStore) -> None:
    ticket = stored(store)
    acknowledge(store, ticket.id, "ann")
    with pytest.raises(Conflict, match="at version 2, your change was based on version 1"):
        store.change(ticket.id, lambda _: pytest.fail("must not be asked"), expected_version=1)


def test_fifty_writers_of_one_ticket_all_get_their_change_in(store: TicketStore) -> None:
    ticket = stored(store)

    def note(number: int) -> None:
        def with_note(current: Ticket) -> tuple[Ticket, AuditEntry]:
            new = msgspec.structs.replace(current, version=current.version + 1)
            return new, entry(current.id, "Note Added", user=f"u{number}", origin="test", at=NOON)

        store.change(ticket.id, with_note)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(note, range(50)))
    assert store.get(ticket.id).version == 51
    assert {one.user for one in store.audit_of(ticket.id)} == {"assistant"} | {f"u{n}" for n in range(50)}


def test_a_ticket_nobody_made_is_not_found(store: TicketStore) -> None:
    with pytest.raises(NotFound):
        store.get("ADF-20261120T120000-zzzzzz")
    with pytest.raises(NotFound, match="is no ticket id"):
        store.get("ADF-1' or PartitionKey ne '")


def test_counts_equal_a_recount_after_concurrent_writers(store: TicketStore) -> None:
    tickets = [
        make_ticket(NOON + timedelta(hours=n), severity=("Critical", "Low")[n % 2], source=("adf", "airflow")[n % 2])
        for n in range(60)
    ]

    def live(ticket: Ticket) -> None:
        store.create(ticket, made(ticket))
        if ticket.severity == "Critical":
            acknowledge(store, ticket.id, "ann")

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(live, tickets))

    everything = [rows.ticket_from(row) for row in store.read("2026-11", "T|")]
    recount = counters.total(counters.contribution(ticket) for ticket in everything)
    recount["audits"] = len(list(store.read("2026-11", "A|")))
    counted = counters.month_counts(store.counter_rows("2026-11"))
    assert counted == dict(sorted(recount.items()))
    by_day = counters.day_counts(store.counter_rows("2026-11"))
    assert counters.total(by_day.values()) == counted
    names = counters.total(name_counts.contribution(ticket) for ticket in everything)
    assert counters.names_counted(store.counter_rows("2026-11")) == names
    assert summary(store).by_status["acknowledged"] == recount["status:acknowledged"]


def acknowledge(store: TicketStore, ticket_id: str, user: str) -> Ticket:
    at = NOON + timedelta(minutes=5)
    return store.change(
        ticket_id, lambda ticket: move(ticket, "acknowledged", user=user, origin="test", note="", at=at)
    )


def test_an_entry_about_no_ticket_is_in_the_trail_and_counted_exactly(store: TicketStore) -> None:
    before = summary(store).total_audits
    notes = [entry("", "Signed In", user=f"p{n}@note.example", origin="203.0.113.5", at=NOON) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.note, notes))
    assert summary(store).total_audits == before + 40
    shown = list_audit(store, wanted={"action": {"Signed In"}}, limit=200).items
    assert sorted(shown, key=lambda one: one.id) == sorted(notes, key=lambda one: one.id)
