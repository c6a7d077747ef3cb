"""Raw payloads in Blob Storage: while they wait for triage, and for good."""

import hashlib
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


def held(storage: Storage, name: str) -> bytes:
    """A body that `hold` kept."""
    body: bytes = storage.container(WAITING).download_blob(name).readall()
    return body


def archive(storage: Storage, ticket_id: str, report_key: str, body: bytes) -> Archived:
    """Keeps the payload of a ticket's report for good."""
    name = archive_name(ticket_id, report_key)
    blob = storage.container(ARCHIVE).upload_blob(name, body, overwrite=True)
    # With a connection string that carries a SAS, the address ends with it.
    return Archived(name, blob.url.partition("?")[0])


def archived(storage: Storage, name: str) -> bytes | None:
    """The payload kept under `name`, or None if there is none."""
    try:
        body: bytes = storage.container(ARCHIVE).download_blob(name).readall()
    except ResourceNotFoundError:
        return None
    return body


def archive_name(ticket_id: str, report_key: str) -> str:
    """Where a report's payload is: by month, so that retention can go by prefix."""
    stamp = ticket_id.split("-")[1]
    return f"{stamp[:4]}-{stamp[4:6]}/{ticket_id}/{report_key}.json"
