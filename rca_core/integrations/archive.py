"""Payloads in Blob Storage: as they came while they wait for triage, and for good without their secrets."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation.storage import Storage

WAITING = "waiting"
ARCHIVE = "archive"


class Archived(NamedTuple):
    """Where a payload is kept: name and address of the blob."""

    name: str
    url: str


def hold(storage: Storage, body: bytes, moment: datetime) -> str:
    """Keeps a body that is too large for a queue message until triage; returns the blob's name.

    The name follows from the content, so a sender's retry of the same day overwrites its own blob.
    """
    name = f"{moment:%Y-%m-%d}/{hashlib.sha256(body).hexdigest()}"
    storage.container(WAITING).upload_blob(name, body, overwrite=True)
    return name


def held(storage: Storage, name: str) -> bytes | None:
    """A body that `hold` kept, or None if it was released."""
    return _read(storage, WAITING, name)


def release(storage: Storage, name: str) -> None:
    """Removes a body that `hold` kept; no error if it is gone."""
    with suppress(ResourceNotFoundError):
        storage.container(WAITING).delete_blob(name)


def archive(storage: Storage, ticket_id: str, report_key: str, body: bytes) -> Archived:
    """Keeps the payload of a ticket's report for good."""
    name = archive_name(ticket_id, report_key)
    blob = storage.container(ARCHIVE).upload_blob(name, body, overwrite=True)
    # With a connection string that carries a SAS, the address ends with it.
    return Archived(name, blob.url.partition("?")[0])


def archive_failure(storage: Storage, ticket_id: str, report_key: str, failure: bytes) -> None:
    """Keeps a report as it was understood, for the diagnosis that comes later."""
    _keep(storage, failure_name(ticket_id, report_key), failure)


def archive_known(storage: Storage, ticket_id: str, report_key: str, failure: bytes) -> None:
    """Keeps a report with what the failing system added to it."""
    _keep(storage, known_name(ticket_id, report_key), failure)


def archive_text(storage: Storage, name: str, text: str) -> None:
    """Keeps a text that diagnoses quote, under the name that `report_text_name` or `evidence_name` gives."""
    _keep(storage, name, text.encode())


def months_archived(storage: Storage) -> list[str]:
    """The months (`2026-11`) of whose tickets there is something in the archive, oldest first."""
    found = storage.container(ARCHIVE).walk_blobs(delimiter="/")
    return [prefix.name.rstrip("/") for prefix in found if prefix.name.endswith("/")]


def tickets_archived(storage: Storage, month: str) -> Iterator[str]:
    """Ids of the month's tickets of which there is something in the archive."""
    for prefix in storage.container(ARCHIVE).walk_blobs(name_starts_with=f"{month}/", delimiter="/"):
        yield prefix.name.rstrip("/").rpartition("/")[2]


def remove_of_ticket(storage: Storage, ticket_id: str, before: datetime | None = None) -> int:
    """Removes everything of a ticket, or what was written before then; returns how many blobs it was."""
    container = storage.container(ARCHIVE)
    found = container.list_blobs(name_starts_with=_stem(ticket_id, ""))
    names = [blob.name for blob in found if before is None or blob.last_modified < before]
    for name in names:
        with suppress(ResourceNotFoundError):
            container.delete_blob(name)
    return len(names)


def held_since(storage: Storage, before: datetime) -> list[str]:
    """The bodies that have been waiting for triage since before then."""
    blobs = storage.container(WAITING).list_blobs()
    return [blob.name for blob in blobs if blob.last_modified < before]


def failure_name(ticket_id: str, report_key: str) -> str:
    """Where a report is kept as it was understood."""
    return f"{_stem(ticket_id, report_key)}-failure.json"


def known_name(ticket_id: str, report_key: str) -> str:
    """Where a report is kept with what the failing system added to it."""
    return f"{_stem(ticket_id, report_key)}-known.json"


def report_text_name(ticket_id: str, report_key: str) -> str:
    """Where the text of a report is, line by line as it is quoted."""
    return f"{_stem(ticket_id, report_key)}.txt"


def evidence_name(ticket_id: str, report_key: str, number: int) -> str:
    """Where a text is that a failing system gave about a report."""
    return f"{_stem(ticket_id, report_key)}-{number}.txt"


def model_answer_name(ticket_id: str, report_key: str) -> str:
    """Where the model's answer about a report is, so that no death makes us ask twice."""
    return f"{_stem(ticket_id, report_key)}-model.json"


def archived(storage: Storage, name: str) -> bytes | None:
    """The payload kept under `name`, or None if there is none."""
    return _read(storage, ARCHIVE, name)


def archive_name(ticket_id: str, report_key: str) -> str:
    """Where a report's payload is."""
    return f"{_stem(ticket_id, report_key)}.json"


def _stem(ticket_id: str, report_key: str) -> str:
    """By month, so that retention can go by prefix."""
    stamp = ticket_id.split("-")[1]
    return f"{stamp[:4]}-{stamp[4:6]}/{ticket_id}/{report_key}"


def _read(storage: Storage, container: str, name: str) -> bytes | None:
    try:
        body: bytes = storage.container(container).download_blob(name).readall()
    except ResourceNotFoundError:
        return None
    return body


def _keep(storage: Storage, name: str, content: bytes) -> None:
    storage.container(ARCHIVE).upload_blob(name, content, overwrite=True)
