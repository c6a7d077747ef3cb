"""Reads what `exporting` wrote into a storage account: what is there already stays as it is, what is missing is added.

So importing twice does no more than once, and after a death it is run again. Texts come before tickets and tickets
before claims, so that an app that runs already never knows of a run without its ticket.
"""

import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import msgspec
from azure.core.exceptions import ResourceExistsError

from rca_core.access import accounts
from rca_core.foundation.errors import Conflict, MalformedRequest
from rca_core.foundation.schema import SCHEMA
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.upkeep.batches import AT_ONCE, create_missing, waves
from rca_core.upkeep.entity_lines import blob_of, row_of
from rca_core.upkeep.exporting import FORMAT, MANIFEST, Manifest, container_file, table_file
from rca_core.upkeep.progress import Say
from rca_core.upkeep.stored import CONTAINERS, TABLES
from rca_core.upkeep.upgrade import upgrade


def import_from(
    storage: Storage, store: TicketStore, path: Path, say: Say, *, into_existing: bool = False
) -> dict[str, int]:
    """Adds what the file has and the account has not; returns how many of each kind were added.

    At the end tickets, lists and counts are brought in step (`upgrade`). Raises Conflict if something is stored already
    and `into_existing` is not said, MalformedRequest for a file that is no export or one of a later release.
    """
    if not into_existing and (there := _first_there(storage)):
        raise Conflict(
            f"{there} is not empty: import into an empty storage account, or add what is missing with --into-existing"
            " (also after an import that did not end)."
        )
    try:
        with ZipFile(path) as file:
            added = _import(storage, file, say)
    except (BadZipFile, zlib.error, EOFError, KeyError, ValueError, msgspec.DecodeError) as error:
        raise MalformedRequest(f"{path} is no whole export of this app: {error}") from error
    accounts.recount_admins(storage)
    upgrade(storage, store, say)
    return added


def _import(storage: Storage, file: ZipFile, say: Say) -> dict[str, int]:
    manifest = msgspec.json.decode(file.read(MANIFEST), type=Manifest)
    if manifest.format > FORMAT or manifest.schema > SCHEMA:
        raise MalformedRequest(
            f"The export is of a later release (format {manifest.format}, schema {manifest.schema}; this one knows"
            f" {FORMAT} and {SCHEMA}): import it with that release."
        )
    added = {}
    for container in (name for name in CONTAINERS if name in manifest.containers):
        with file.open(container_file(container)) as lines:
            added[container] = _add_blobs(storage, container, lines)
        say(f"{container}: {added[container]:,} added")
    for table in (name for name in reversed(TABLES) if name in manifest.tables):
        with file.open(table_file(table)) as lines:
            added[table] = create_missing(storage.table(table), map(row_of, lines))
        say(f"{table}: {added[table]:,} added")
    return added


def _add_blobs(storage: Storage, container: str, lines: Iterable[bytes]) -> int:
    client = storage.container(container)

    def add(line: bytes) -> int:
        blob = blob_of(line)
        try:
            client.upload_blob(blob.name, blob.content)
        except ResourceExistsError:
            return 0
        return 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(sum(pool.map(add, wave)) for wave in waves(lines))


def _first_there(storage: Storage) -> str | None:
    """The first table or container that holds something."""
    for table in TABLES:
        if next(iter(storage.table(table).list_entities(results_per_page=1)), None):
            return f"Table {table}"
    for container in CONTAINERS:
        if next(iter(storage.container(container).list_blob_names(results_per_page=1)), None):
            return f"Container {container}"
    return None
