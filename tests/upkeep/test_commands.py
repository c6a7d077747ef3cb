"""`python -m rca_core.upkeep`, as an operator types it."""

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import msgspec
import pytest

from devhost.azurite import Azurite
from rca_core.foundation.schema import SCHEMA
from rca_core.foundation.settings import settings
from rca_core.tickets.store import TicketStore
from rca_core.upkeep.__main__ import main
from rca_core.upkeep.exporting import FORMAT, Manifest
from tests.support.making import made, make_ticket
from tests.upkeep import original


@pytest.fixture(autouse=True)
def environment(emulator: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AzureWebJobsStorage", emulator.connection_string)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_each_command_does_what_it_says(store: TicketStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = make_ticket()
    store.create(ticket, made(ticket))
    file, database = tmp_path / "all.zip", tmp_path / "tickets.db"
    original.write(database, original.make_rows(2))
    assert main(["export", str(file)]) == 0
    assert main(["import", str(file), "--into-existing"]) == 0
    assert main(["load-original", str(database), "--data-factory", "adf-sales"]) == 0
    assert main(["upgrade"]) == 0
    assert main(["retain"]) == 0
    said = capsys.readouterr().out
    # The ticket, its list row, what is due, its entry twice, its counts, the note of the month.
    assert "tables/tickets.jsonl: 7" in said
    assert "tickets: 0 added" in said
    assert "tickets loaded: 2" in said and "confidence: became a number (2)" in said
    assert "2026-09: 0 tickets rewritten" in said
    assert "complete=True" in said


def test_what_cannot_be_done_is_told_in_a_sentence(
    store: TicketStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.note_month("2026-09")
    no_database, broken, odd = tmp_path / "x.db", tmp_path / "broken.db", tmp_path / "odd.zip"
    no_database.write_text("no database, but long enough to look like one" * 20)
    original.write(broken, original.make_rows(50))
    # Its first page, which names the tables, is whole.
    broken.write_bytes(broken.read_bytes()[:4_096] + b"x" * 90_000)
    with ZipFile(odd, "w") as file:
        manifest = Manifest(format=FORMAT, schema=SCHEMA, exported_at="", tables=("pacing",), containers=())
        file.writestr("manifest.json", msgspec.json.encode(manifest))
        file.writestr("tables/pacing.jsonl", '{"PartitionKey":"x","RowKey":"y","a":"1","a@odata.type":"Edm.Colour"}')
    for command, told in {
        ("load-original", str(broken)): "The database cannot be read: ",
        ("import", str(tmp_path / "none.zip"), "--into-existing"): "none.zip: No such file or directory",
        ("import", str(odd), "--into-existing"): "'Edm.Colour' is not a valid EdmType",
        ("export", str(tmp_path / "no-folder" / "all.zip")): "all.zip.part: No such file or directory",
        ("load-original", str(no_database)): "is no SQLite database",
        ("load-original", str(tmp_path / "none.db")): "There is no file",
        ("import", str(no_database)): "is not empty: import into an empty storage account",
        ("import", str(no_database), "--into-existing"): "is no whole export of this app",
    }.items():
        assert main(list(command)) == 1
        said = capsys.readouterr().err
        assert told in said and said.count("\n") == 1


def test_settings_that_are_wrong_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RETENTION_TICKETS_DAYS", "soon")
    assert main(["retain"]) == 1
    assert "RETENTION_TICKETS_DAYS is a number of days" in capsys.readouterr().err
