"""The one place that makes clients of Azure Storage: tables, queues, blobs.

Clients are made once and shared by all threads, over one pool of connections. What a client needs (the table, the
queue, the container) is created on its first use in a process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.request import getproxies_environment

import requests
from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.queue import (
    QueueClient,
    QueueServiceClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)
from requests.adapters import HTTPAdapter

from rca_core.foundation.errors import SettingsError
from rca_core.foundation.settings import StorageSettings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient, ContainerClient

# requests keeps 10 connections by default and throws the others away, one TCP handshake a call.
_CONNECTIONS = 64


Client = TypeVar("Client")


class Patience(NamedTuple):
    """How long a call to storage waits, in seconds, and how often it is made again: in all, and if it was sent and no
    answer came. In between are `pause_seconds` and, for blobs and queues, a second.
    """

    connect_seconds: float
    read_seconds: float
    retries: int
    retries_unanswered: int
    pause_seconds: float


PROMPT = Patience(connect_seconds=1.5, read_seconds=3, retries=1, retries_unanswered=0, pause_seconds=0)
"""A sender waits for our answer: give up well inside five seconds and say 503, it will come again. Every caller above
is safe to repeat, so more tries here would only hide trouble."""

PATIENT = Patience(connect_seconds=5, read_seconds=20, retries=4, retries_unanswered=4, pause_seconds=0.5)
"""For work of minutes that nobody waits for: one slow answer must not end it. A new row or a transaction is not sent
again without an answer, nobody knows whether it was done: then the work is done again from where it was."""


class Storage:
    """Clients for one storage account, from a connection string or with the app's identity."""

    def __init__(self, settings: StorageSettings, patience: Patience = PROMPT) -> None:
        self._settings = settings
        self._patience = patience
        self._lock = Lock()
        self._ready: dict[tuple[str, str], Any] = {}

    def table(self, name: str) -> TableClient:
        """The table `name`, created if it does not exist."""
        return self._once(("table", name), lambda: self._tables.get_table_client(name), "create_table")

    def queue(self, name: str) -> QueueClient:
        """The queue `name`, created if it does not exist.

        Messages are base64 text, as the Functions host expects: without the policy the SDK stores plain text, which the
        host moves to the poison queue unseen.
        """
        return self._once(
            ("queue", name),
            lambda: self._queues.get_queue_client(
                name,
                message_encode_policy=TextBase64EncodePolicy(),
                message_decode_policy=TextBase64DecodePolicy(),
            ),
            "create_queue",
        )

    def container(self, name: str) -> ContainerClient:
        """The blob container `name`, created if it does not exist."""
        return self._once(("container", name), lambda: self._blobs.get_container_client(name), "create_container")

    def forget(self) -> None:
        """Looks at the next use whether each table, queue and container is there; for when one was found missing."""
        self._ready.clear()

    def _once(self, key: tuple[str, str], make: Callable[[], Client], create: str) -> Client:
        client: Client | None = self._ready.get(key)
        if client is None:
            with self._lock:
                client = make()
            with suppress(ResourceExistsError):  # made by an earlier process: the usual case
                getattr(client, create)()
            self._ready[key] = client
        return client

    @cached_property
    def _transport(self) -> RequestsTransport:
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))
        # requests looks into the environment at every call, for 13 % of its processor time. We look once: for
        # certificates here; a proxy depends on the address called, so only where there is one it is left to requests.
        session.trust_env = bool(getproxies_environment())
        certificates = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return RequestsTransport(
            session=session,
            session_owner=False,
            use_env_settings=session.trust_env,
            connection_verify=certificates or True,
            connection_timeout=self._patience.connect_seconds,
            read_timeout=self._patience.read_seconds,
        )

    @cached_property
    def _credential(self) -> TokenCredential:
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential(managed_identity_client_id=self._settings.client_id)

    @cached_property
    def _tables(self) -> TableServiceClient:
        pause = {"retry_backoff_factor": self._patience.pause_seconds}
        client: TableServiceClient = self._connect(TableServiceClient, self._settings.table_uri, pause)
        return client

    @cached_property
    def _queues(self) -> QueueServiceClient:
        client: QueueServiceClient = self._connect(QueueServiceClient, self._settings.queue_uri, self._pause)
        return client

    @cached_property
    def _blobs(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        client: BlobServiceClient = self._connect(BlobServiceClient, self._settings.blob_uri, self._pause)
        return client

    @property
    def _pause(self) -> dict[str, float]:
        """As the clients of blobs and queues are told: those of tables know another word."""
        pause = self._patience.pause_seconds
        return {"initial_backoff": pause, "increment_base": 1, "random_jitter_range": pause}

    def _connect(self, service: Any, uri: str | None, pause: dict[str, float]) -> Any:
        options = {
            "retry_total": self._patience.retries,
            "retry_read": self._patience.retries_unanswered,
            "transport": self._transport,
            **pause,
        }
        if self._settings.connection_string:
            try:
                return service.from_connection_string(self._settings.connection_string, **options)
            except ValueError:
                # The library's message may quote the string, which holds a key.
                raise SettingsError("AzureWebJobsStorage is no connection string of a storage account.") from None
        return service(uri, credential=self._credential, **options)
