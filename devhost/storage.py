"""The queues that bindings name: which account an app setting points at, and texts in and out exactly as stored.

Source: "Azure Queue storage trigger and bindings" (connections). Errors are those of `azure.core.exceptions`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import LinearRetry, QueueClient, QueueMessage, QueueServiceClient
from requests.adapters import HTTPAdapter

from devhost.azurite import Azurite
from devhost.errors import StartError

_CONNECT_SECONDS, _ANSWER_SECONDS = 2, 20
# Every message in flight may hold a connection.
_CONNECTIONS = 256


class Queue:
    """One queue; safe to use from many threads. Every method raises AzureError."""

    def __init__(self, client: QueueClient) -> None:
        self.name: str = client.queue_name
        self._client = client

    def create(self) -> None:
        """Create the queue; no error when it exists."""
        with contextlib.suppress(ResourceExistsError):
            self._client.create_queue()

    def send(self, text: str) -> None:
        """Add a message, creating the queue when it is missing."""
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            self.create()
            self._client.send_message(text)

    def receive(self, count: int, visibility: float) -> list[QueueMessage]:
        """Up to `count` messages, hidden from others for `visibility` seconds."""
        pages = self._client.receive_messages(messages_per_page=count, visibility_timeout=int(visibility)).by_page()
        # One page is one request; going on to the next would ask again.
        return list(next(pages, ()))

    def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message; no error when it is gone or somebody else has received it since."""
        with ignore_lost_message():
            self._client.delete_message(message_id, pop_receipt)

    def update(self, message_id: str, pop_receipt: str, visibility: float) -> str:
        """Hide a message for `visibility` seconds from now on; returns the new pop receipt."""
        updated = self._client.update_message(message_id, pop_receipt, visibility_timeout=int(visibility))
        return str(updated.pop_receipt)


@contextlib.contextmanager
def ignore_lost_message() -> Iterator[None]:
    """Pass over the errors that mean: the message is no longer ours."""
    try:
        yield
    except HttpResponseError as error:
        if error.status_code != 404 and getattr(error, "error_code", None) != "PopReceiptMismatch":
            raise


def connect(setting: str, where: str) -> QueueServiceClient:
    """The queue service that an app setting names, by connection string or by the identity family.

    `NAME` holds a connection string; or `NAME__queueServiceUri` or `NAME__accountName` is set, and the
    signed-in identity is used (`NAME__clientId` chooses which). The prefix `AzureWebJobs` of a name may be left
    out. Raises StartError.
    """
    for name in (setting, f"AzureWebJobs{setting}"):
        try:
            if text := os.environ.get(name):
                return QueueServiceClient.from_connection_string(_spelled_out(text), **_options())
            uri = os.environ.get(f"{name}__queueServiceUri")
            if account := os.environ.get(f"{name}__accountName"):
                uri = uri or f"https://{account}.queue.core.windows.net"
            if uri:
                from azure.identity import DefaultAzureCredential  # Slow to import, and seldom needed.

                credential = DefaultAzureCredential(managed_identity_client_id=os.environ.get(f"{name}__clientId"))
                return QueueServiceClient(uri, credential=credential, **_options())
        except ValueError as error:
            raise StartError(f"{where}: the connection '{name}' cannot be used: {error}") from None
    raise StartError(
        f"{where}: the connection '{setting}' is not set; set {setting} to a connection string, "
        f"or {setting}__queueServiceUri to the queue endpoint"
    )


def _spelled_out(connection_string: str) -> str:
    """The SDK knows the shortcut for the emulator, but not that its port may be another."""
    if connection_string.strip().rstrip(";").lower() != "usedevelopmentstorage=true":
        return connection_string
    return Azurite(queue_port=int(os.environ.get("AZURITE_QUEUE_PORT", "10001"))).connection_string


def _options() -> dict[str, object]:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return {
        "transport": RequestsTransport(session=session),
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
        # Over in a second: listeners try on by themselves, with a back-off of their own.
        "retry_policy": LinearRetry(backoff=0.3, retry_total=2, random_jitter_range=0.1),  # type: ignore[arg-type]
    }
