"""`python -m rca_core.upkeep`: what an operator does with all that is stored (docs/upkeep.md).

It reaches storage by the same settings as the app, from the environment.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from azure.core.exceptions import AzureError

from rca_core.foundation.errors import RcaError
from rca_core.foundation.settings import Settings, settings
from rca_core.foundation.storage import PATIENT, Storage
from rca_core.tickets.store import TicketStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the arguments say; returns the exit code: 0 done, 1 not done, for a reason that it prints."""
    given = _parser().parse_args(arguments)
    try:
        known = settings()
        storage = Storage(known.storage, PATIENT)
        _do(given, known, storage, TicketStore(storage))
    except (RcaError, AzureError, OSError, sqlite3.Error) as error:
        print(_sentence(error), file=sys.stderr)
        return 1
    return 0


def _sentence(error: RcaError | AzureError | OSError | sqlite3.Error) -> str:
    match error:
        case RcaError():
            return error.detail
        case AzureError():
            return f"Storage does not answer as it should ({type(error).__name__}): run this again."
        case sqlite3.Error():
            return f"The database cannot be read: {error}."
        case _:  # a file that is missing, not ours to read or write, or has no room
            return ": ".join(filter(None, [error.filename, error.strerror])) or str(error)


def _do(given: argparse.Namespace, known: Settings, storage: Storage, store: TicketStore) -> None:
    match given.command:
        case "upgrade":
            from rca_core.upkeep.upgrade import upgrade

            upgrade(storage, store, _say)
        case "retain":
            from rca_core.upkeep import retention

            _say(str(retention.run(storage, store, known)))
        case "export":
            from rca_core.upkeep.exporting import export

            export(storage, given.file, _say)
        case "import":
            from rca_core.upkeep.importing import import_from

            import_from(storage, store, given.file, _say, into_existing=given.into_existing)
        case "load-original":
            from rca_core.upkeep.original.loading import load
            from rca_core.upkeep.original.reported import Places

            places = Places(
                factory=given.data_factory, workspace=given.workspace, airflow=given.airflow, blobs=given.blobs
            )
            report = load(storage, store, given.file, _say, places=places, dashboard_url=known.dashboard_url)
            for line in report.lines():
                _say(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rca_core.upkeep", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="bring what is stored to this release's schema and count the months anew")
    commands.add_parser("retain", help="remove now what the timer removes by night")
    exporting = commands.add_parser("export", help="write everything into a new file")
    exporting.add_argument("file", type=Path)
    importing = commands.add_parser("import", help="read such a file into an empty storage account")
    importing.add_argument("file", type=Path)
    importing.add_argument("--into-existing", action="store_true", help="add what is missing to what is there")
    loading = commands.add_parser("load-original", help="load the SQLite file of the earlier program")
    loading.add_argument("file", type=Path)
    loading.add_argument("--blobs", type=Path, help="folder with a copy of its blob container")
    loading.add_argument("--data-factory", default="", help="name of the Data Factory that it served")
    loading.add_argument("--workspace", default="", help="id of the Databricks workspace that it served")
    loading.add_argument("--airflow", default="", help="address of the Airflow that it served, as Airflow sends it")
    return parser


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
