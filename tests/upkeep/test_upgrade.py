"""What an earlier release stored becomes what this one stores, while the app goes on."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from rca_core.access import accounts
from rca_core.foundation.schema import COLUMN, SCHEMA, NewerData
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import claims, recall, rows, sync
from rca_core.tickets.changes import change_status
from rca_core.tickets.queries import list_tickets, summary
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.upkeep.upgrade import upgrade
from tests.support.making import NOON, made, make_failure, make_ticket

MONTH = f"{NOON:%Y-%m}"


def stored(store: TicketStore, **given: Any) -> str:
    ticket = make_ticket(**given)
    assert store.create(ticket, made(ticket))
    return ticket.id


def as_before_versions(storage: Storage, ticket_id: str) -> None:
    """The ticket as a release without versions wrote it."""
    without_version(storage, TABLE, MONTH, rows.ticket_key(ticket_id))


def without_version(storage: Storage, table: str, partition: str, row: str) -> None:
    entity = dict(storage.table(table).get_entity(partition, row))
    del entity[COLUMN]
    storage.table(table).update_entity(entity, mode=UpdateMode.REPLACE)


def version(storage: Storage, table: str, partition: str, row: str) -> int:
    return int(storage.table(table).get_entity(partition, row).get(COLUMN, 0))


def test_what_is_written_carries_the_schema(storage: Storage, store: TicketStore) -> None:
    ticket_id = stored(store)
    claim = claims.claim(storage, make_failure(run_key=("adf", "x", "carries")))
    with sync.leased(storage, ticket_id, "jira"):
        pass
    recall.begin_asking(storage, "v1-aa", "somebody", looked_at=recall.Memory())
    account = accounts.new_account("carl@example.com", "", "no hash", role="viewer", status="active")
    accounts.create(storage, account)
    assert version(storage, TABLE, MONTH, f"T|{ticket_id}") == SCHEMA
    assert version(storage, "runs", claim.run_hash[:2], claim.run_hash) == SCHEMA
    assert version(storage, "sync", ticket_id, "jira") == SCHEMA
    assert version(storage, "recall", "aa", "v1-aa|R") == SCHEMA
    assert version(storage, "users", "user", f"u|{account.id}") == SCHEMA


def test_what_a_later_release_wrote_is_refused_and_stays(
    storage: Storage, store: TicketStore, settings: Settings
) -> None:
    ticket_id = stored(store)
    later = {"PartitionKey": MONTH, "RowKey": f"T|{ticket_id}", COLUMN: SCHEMA + 1, "what_is_new": "kept"}
    storage.table(TABLE).update_entity(later, mode=UpdateMode.MERGE)
    with pytest.raises(NewerData, match="deploy the release that wrote it"):
        change_status(storage, store, settings, ticket_id, "acknowledged", user="ann", origin="test")
    with pytest.raises(NewerData):
        upgrade(storage, store, lambda _: None)
    entity = storage.table(TABLE).get_entity(MONTH, f"T|{ticket_id}")
    assert (entity["what_is_new"], entity["status"]) == ("kept", "open")
    storage.table(TABLE).update_entity({**later, COLUMN: SCHEMA}, mode=UpdateMode.MERGE)


def test_an_earlier_release_s_data_is_brought_to_today_s(storage: Storage, store: TicketStore) -> None:
    ticket_id = stored(store)
    as_before_versions(storage, ticket_id)
    run = claims.claim(storage, make_failure(run_key=("adf", "x", "earlier"))).run_hash
    without_version(storage, claims.TABLE, run[:2], run)
    assert store.get(ticket_id).id == ticket_id
    said: list[str] = []
    assert upgrade(storage, store, said.append).rewritten == 2
    assert version(storage, claims.TABLE, run[:2], run) == SCHEMA
    assert version(storage, TABLE, MONTH, f"T|{ticket_id}") == SCHEMA
    assert said[0] == f"{MONTH}: 1 tickets rewritten, 0 with wrong rows pointing to them, 0 rows of counts corrected"
    assert upgrade(storage, store, said.append) == (0, 0, 0)


def test_lists_and_counts_that_are_wrong_are_put_right(
    storage: Storage, store: TicketStore, settings: Settings
) -> None:
    ticket_id = stored(store)
    stale = rows.list_entity(store.get(ticket_id))
    change_status(storage, store, settings, ticket_id, "acknowledged", user="ann", origin="test")
    right = summary(store)
    table = storage.table(TABLE)
    table.upsert_entity(stale)
    table.upsert_entity({"PartitionKey": MONTH, "RowKey": f"D|2026-01-01T00:00:00.000Z|warn|{ticket_id}"})
    table.upsert_entity({"PartitionKey": MONTH, "RowKey": "S|open|0000000000000|ADF-20261120T000000-nobody"})
    counts = next(iter(store.counter_rows(MONTH)))
    table.update_entity({**counts, "month": json.dumps({"tickets": 4_711})}, mode=UpdateMode.MERGE)
    done = upgrade(storage, store, lambda _: None)
    assert (done.mended, done.recounted) == (2, 1)
    assert summary(store) == right
    listed = [item.id for item in list_tickets(store, limit=200).items]
    assert listed.count(ticket_id) == 1 and "ADF-20261120T000000-nobody" not in listed
    assert not [row for row in store.read(MONTH, rows.list_prefix("open")) if row["id"] == ticket_id]
    assert not [one for one in store.due(MONTH, NOON.replace(year=2026, month=2)) if one.ticket_id == ticket_id]


def test_it_may_run_while_failures_come_in(storage: Storage, store: TicketStore, settings: Settings) -> None:
    tickets = [stored(store) for _ in range(16)]
    for ticket_id in tickets:
        as_before_versions(storage, ticket_id)
    before = summary(store).total_tickets

    def work(ticket_id: str) -> None:
        stored(store)
        change_status(storage, store, settings, ticket_id, "acknowledged", user="ann", origin="test")

    with ThreadPoolExecutor(4) as pool:
        at_work = [pool.submit(work, ticket_id) for ticket_id in tickets]
        upgrade(storage, store, lambda _: None)
        for one in at_work:
            one.result()
    assert summary(store).total_tickets == before + 16
    # So the counts that the two wrote side by side are those of a recount.
    assert upgrade(storage, store, lambda _: None).recounted == 0
    assert all(store.get(ticket_id).status == "acknowledged" for ticket_id in tickets)
