"""Everything that is stored goes into one file and out of it into another account, where the app goes on with it."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from azure.data.tables import EdmType, EntityProperty

from devhost.azurite import Azurite
from rca_core.access import accounts, passwords, sessions
from rca_core.foundation.errors import Conflict, MalformedRequest
from rca_core.foundation.settings import Settings, read_settings
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims
from rca_core.tickets.changes import change_status
from rca_core.tickets.queries import summary
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.upkeep import stored
from rca_core.upkeep.exporting import export
from rca_core.upkeep.importing import import_from
from tests.support.app import PASSWORD, App
from tests.support.making import made, make_failure, make_ticket
from tests.support.mortal import killed
from tests.upkeep import worker

ROOT = Path(__file__).resolve().parent.parent.parent
TYPES: dict[str, Any] = {
    "PartitionKey": "slack",
    "RowKey": "types",
    "whole": 7,
    "large": EntityProperty(2**40, EdmType.INT64),
    "part": 1.0,
    "none": float("inf"),
    "yes": True,
    "raw": b"\x00\xff",
    "when": datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC),
    "id": UUID("9c1f1c5e-2d3c-4c3e-9b1e-0d8a1f6f3a11"),
    "text": '\u2028 \U0001f600 "quoted"\n',
}


@pytest.fixture(scope="module")
def filled(storage: Storage, store: TicketStore, settings: Settings) -> Storage:
    """An account with something of everything."""
    for number in range(12):
        failure = make_failure(run_key=("adf", "adf-sales", f"run-{number}"))
        claim = claims.claim(storage, failure)
        ticket = make_ticket(id=claim.ticket_id, run_hash=claim.run_hash, report_keys=["r1"])
        store.create(ticket, made(ticket))
        archive.archive(storage, ticket.id, "r1", b"payload %d" % number)
        if number % 2:
            change_status(storage, store, settings, ticket.id, "acknowledged", user="ann", origin="test", note="done")
    ann = accounts.new_account("ann@example.com", "Ann", passwords.hashed(PASSWORD), role="admin", status="active")
    accounts.create(storage, ann)
    sessions.start(storage, ann)
    storage.table("pacing").create_entity(TYPES)
    return storage


@pytest.fixture(scope="module")
def file(filled: Storage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "everything.zip"
    export(filled, path, lambda _: None)
    return path


@pytest.fixture(scope="module")
def second() -> Iterator[Azurite]:
    with Azurite() as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(second: Azurite, file: Path) -> Storage:
    """A second account, with what the file holds."""
    storage = storage_of(second)
    import_from(storage, TicketStore(storage), file, lambda _: None)
    return storage


def storage_of(emulator: Azurite) -> Storage:
    return Storage(read_settings({"AzureWebJobsStorage": emulator.connection_string}).storage)


def content(storage: Storage, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in storage.table(table).list_entities()]


def test_everything_arrives_as_it_was_but_for_sessions(filled: Storage, elsewhere: Storage) -> None:
    for table in stored.TABLES:
        assert content(elsewhere, table) == content(filled, table), table
    assert content(filled, "sessions") and not content(elsewhere, "sessions")
    names = list(filled.container("archive").list_blob_names())
    assert len(names) == 12
    for name in names:
        assert archive.archived(elsewhere, name) == archive.archived(filled, name)


def test_types_are_kept(elsewhere: Storage) -> None:
    row = elsewhere.table("pacing").get_entity("slack", "types")
    assert {name: row[name] for name in TYPES} == TYPES


def test_the_app_goes_on_there(
    filled: Storage, elsewhere: Storage, second: Azurite, store: TicketStore, tmp_path: Path
) -> None:
    with App(second.connection_string, tmp_path) as app:
        answer = app.sign_in("ann@example.com")
        assert answer.status_code == 200
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        with app.stranger(headers=cookie) as ann:
            assert ann.get("/api/summary").json()["by_status"] == {"acknowledged": 6, "open": 6}
            for ticket in ann.get("/api/tickets", params={"limit": 50}).json()["items"]:
                assert ann.get(f"/api/tickets/{ticket['id']}").json()["run_hash"] == store.get(ticket["id"]).run_hash
                assert ann.get(f"/api/tickets/{ticket['id']}/log").content.startswith(b"payload ")


def test_the_file_is_its_owner_s_alone_and_is_never_overwritten(filled: Storage, file: Path) -> None:
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert not file.with_name(f"{file.name}.part").exists()
    with pytest.raises(Conflict, match="is there already"):
        export(filled, file, lambda _: None)


def test_an_account_that_is_not_empty_is_left_alone(elsewhere: Storage, file: Path) -> None:
    with pytest.raises(Conflict, match="--into-existing"):
        import_from(elsewhere, TicketStore(elsewhere), file, lambda _: None)


def test_an_import_that_died_is_gone_on_with_and_what_is_there_stays(filled: Storage, file: Path) -> None:
    with Azurite() as emulator:
        settings = read_settings({"AzureWebJobsStorage": emulator.connection_string})
        third = storage_of(emulator)
        store = TicketStore(third)
        # An app that went on with what an import before brought.
        kept = next(row for row in content(filled, TABLE) if row["RowKey"].startswith("T|") and row["status"] == "open")
        third.table(TABLE).create_entity({**kept, "title": "Changed since"})
        for step in (25, 60, 95):
            assert killed(worker.import_file, settings, file, dies_at=step)
            for claim in content(third, "runs"):
                assert store.find(claim["ticket_id"])
        there = len(content(third, TABLE))
        added = import_from(third, store, file, lambda _: None, into_existing=True)
        assert 0 < added["tickets"] == len(content(filled, TABLE)) - there
        assert store.get(kept["id"]).title == "Changed since"
        assert summary(store).by_status == {"acknowledged": 6, "open": 6}
        assert accounts.has_admin(third)
        assert set(import_from(third, store, file, lambda _: None, into_existing=True).values()) == {0}
        for table in stored.TABLES:
            here, there_too = (
                [row for row in content(one, table) if row["RowKey"] != kept["RowKey"]] for one in (third, filled)
            )
            assert here == there_too, table


def test_a_file_that_is_no_whole_export_is_refused(file: Path, tmp_path: Path, settings: Settings) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[:-200])
    storage = Storage(settings.storage)
    with pytest.raises(MalformedRequest, match="no whole export"):
        import_from(storage, TicketStore(storage), cut, lambda _: None, into_existing=True)


def test_no_table_is_forgotten() -> None:
    """Every table that the code names is exported or left out on purpose."""
    import re

    named = set()
    for path in (ROOT / "rca_core").rglob("*.py"):
        named |= set(re.findall(r'^(?:TABLE|DELIVERIES) = "(\w+)"', path.read_text(), re.MULTILINE))
    assert named == {*stored.TABLES, *stored.LEFT_OUT}
