"""Writes all that is stored into one file: a zip archive with a file of JSON lines for each table and container.

    manifest.json            format, schema of the data, when it was exported, names of the files
    tables/<table>.jsonl     one row a line, in the order of their keys (`entity_lines`)
    blobs/<container>.jsonl  one blob a line, its content in base64

The app may go on meanwhile: each row is as it was at some moment of the export, and a ticket that was changed meanwhile
may be there with its list row of before; importing mends that. What waits in queues is not exported.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation import clock
from rca_core.foundation.errors import Conflict
from rca_core.foundation.queues import Queue
from rca_core.foundation.schema import SCHEMA
from rca_core.foundation.storage import Storage
from rca_core.upkeep.batches import AT_ONCE, waves
from rca_core.upkeep.entity_lines import blob_line, row_line
from rca_core.upkeep.progress import Say
from rca_core.upkeep.stored import CONTAINERS, TABLES

FORMAT = 1
MANIFEST = "manifest.json"

_OWNER_ONLY = 0o600
_SAY_AFTER = 10_000


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export is: `format` of the file, `schema` of the data in it."""

    format: int
    schema: int
    exported_at: str
    tables: tuple[str, ...]
    containers: tuple[str, ...]


def table_file(table: str) -> str:
    """Name of the file with a table's rows."""
    return f"tables/{table}.jsonl"


def container_file(container: str) -> str:
    """Name of the file with a container's blobs."""
    return f"blobs/{container}.jsonl"


def export(storage: Storage, path: Path, say: Say) -> dict[str, int]:
    """Exports everything to a new file that its owner alone may read; returns how many rows and blobs of each kind.

    The file has its name only once it is whole; `<name>.part` is what an export that died has left. Raises Conflict if
    the file is there already.
    """
    if path.exists():
        raise Conflict(f"{path} is there already: name another file, or remove it.")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    manifest = Manifest(
        format=FORMAT, schema=SCHEMA, exported_at=clock.to_iso(clock.now()), tables=TABLES, containers=CONTAINERS
    )
    counts = {}
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, msgspec.json.encode(manifest))
        for table in TABLES:
            counts[table] = _write(archive, table_file(table), _rows(storage, table), say)
        for container in CONTAINERS:
            counts[container] = _write(archive, container_file(container), _blobs(storage, container), say)
    part.replace(path)
    for queue in Queue:
        if waiting := storage.queue(queue).get_queue_properties().approximate_message_count:
            say(f"queue {queue}: about {waiting} messages wait, which are not exported")
    return counts


def _write(archive: ZipFile, name: str, lines: Iterable[bytes], say: Say) -> int:
    count = 0
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(line)
            count += 1
            if count % _SAY_AFTER == 0:
                say(f"{name}: {count:,} so far")
    say(f"{name}: {count:,}")
    return count


def _rows(storage: Storage, table: str) -> Iterator[bytes]:
    return map(row_line, storage.table(table).list_entities())


def _blobs(storage: Storage, container: str) -> Iterator[bytes]:
    client = storage.container(container)

    def line(name: str) -> bytes | None:
        try:
            return blob_line(name, client.download_blob(name).readall())
        except ResourceNotFoundError:  # removed since it was listed
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for names in waves(client.list_blob_names()):
            yield from filter(None, pool.map(line, names))
