"""A small client of Azure Queue Storage over its REST interface.

The azure-storage-queue package would do as well, but a call through it costs about six times the processor
time, and the host makes several for each message.
Sources: "Queue service REST API", "Authorize with Shared Key".
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import os
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.sax.saxutils import escape

from devhost.azurite import ACCOUNT, ACCOUNT_KEY
from devhost.errors import StartError

_VERSION = "2021-02-12"
_SCOPE = "https://storage.azure.com/.default"
_TIMEOUT = 20.0


class StorageError(Exception):
    """Storage refused (`status` and `code` are its answer) or did not answer (`status` 0)."""

    def __init__(self, what: str, status: int = 0, code: str = "") -> None:
        super().__init__(f"{what}: {f'{status} {code}' if status else code}")
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Message:
    """A received message: `text` as stored (not decoded), times as RFC 1123 texts."""

    id: str
    text: str
    dequeue_count: int
    pop_receipt: str
    inserted: str
    expires: str
    next_visible: str


class QueueAccount:
    """The queue service of one storage account; safe to use from many threads."""

    def __init__(
        self,
        endpoint: str,
        account: str,
        *,
        key: str = "",
        sas: str = "",
        token: Callable[[], str] | None = None,
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StartError(f"queue endpoint '{endpoint}' is not an http or https URL")
        self._https = parts.scheme == "https"
        self._address = parts.netloc
        self._base = parts.path.rstrip("/")
        self._account = account
        self._key = base64.b64decode(key)
        self._sas = dict(parse_qsl(sas.lstrip("?")))
        self._token = token
        self._local = threading.local()

    def request(
        self, method: str, path: str, query: dict[str, str], body: bytes = b""
    ) -> tuple[http.client.HTTPMessage, bytes]:
        """Send one request and return the answer's headers and body. Raises StorageError."""
        query = query | self._sas
        target = self._base + path + ("?" + urlencode(query, quote_via=quote) if query else "")
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        elif not self._sas:
            headers["Authorization"] = self._signature(method, path, query, headers, len(body))
        response, content = self._exchange(method, target, body, headers)
        if response.status >= 300:
            what = f"{method} {self._address}{self._base}{path}"
            raise StorageError(what, response.status, response.headers.get("x-ms-error-code", ""))
        return response.headers, content

    def _exchange(
        self, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = getattr(self._local, "connection", None)
        reused = connection is not None
        if connection is None:
            kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
            connection = self._local.connection = kind(self._address, timeout=_TIMEOUT)
        try:
            # Always a body argument: http.client then states Content-Length 0 on an empty PUT.
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._local.connection = None
            # The server may close an idle connection at any moment; that is no answer to this request.
            if reused and isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
                return self._exchange(method, target, body, headers)
            raise StorageError(f"{method} {self._address}", 0, f"{type(error).__name__}: {error}") from error

    def _signature(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], length: int) -> str:
        resource = f"/{self._account}{self._base}{path}"
        resource += "".join(f"\n{name.lower()}:{value}" for name, value in sorted(query.items()))
        text = (
            f"{method}\n\n\n{length or ''}\n\n\n\n\n\n\n\n\n"
            f"x-ms-date:{headers['x-ms-date']}\nx-ms-version:{_VERSION}\n{resource}"
        )
        digest = hmac.digest(self._key, text.encode(), hashlib.sha256)
        return f"SharedKey {self._account}:{base64.b64encode(digest).decode()}"


class Queue:
    """One queue. Texts go in and out exactly as given. Every method raises StorageError."""

    def __init__(self, account: QueueAccount, name: str) -> None:
        self.name = name
        self._account = account

    def create(self) -> None:
        """Create the queue; no error when it exists."""
        try:
            self._account.request("PUT", f"/{self.name}", {})
        except StorageError as error:
            if error.status != 409:
                raise

    def send(self, text: str) -> None:
        """Add a message, creating the queue when it is missing."""
        # An XML reader turns a bare carriage return into a line feed.
        escaped = escape(text, {"\r": "&#13;"})
        body = f"<QueueMessage><MessageText>{escaped}</MessageText></QueueMessage>".encode()
        path = f"/{self.name}/messages"
        try:
            self._account.request("POST", path, {}, body)
        except StorageError as error:
            if error.status != 404:
                raise
            self.create()
            self._account.request("POST", path, {}, body)

    def receive(self, count: int, visibility: float) -> list[Message]:
        """Up to `count` messages, hidden from others for `visibility` seconds."""
        query = {"numofmessages": str(count), "visibilitytimeout": str(int(visibility))}
        _, content = self._account.request("GET", f"/{self.name}/messages", query)
        root = ET.fromstring(content)  # noqa: S314 - the answer of our own storage account
        return [
            Message(
                id=item.findtext("MessageId", ""),
                text=item.findtext("MessageText", ""),
                dequeue_count=int(item.findtext("DequeueCount", "1")),
                pop_receipt=item.findtext("PopReceipt", ""),
                inserted=item.findtext("InsertionTime", ""),
                expires=item.findtext("ExpirationTime", ""),
                next_visible=item.findtext("TimeNextVisible", ""),
            )
            for item in root
        ]

    def delete(self, message_id: str, pop_receipt: str) -> None:
        """Delete a message; no error when it is gone or somebody else has received it since."""
        with ignore_lost_message():
            self._account.request("DELETE", f"/{self.name}/messages/{message_id}", {"popreceipt": pop_receipt})

    def update(self, message_id: str, pop_receipt: str, visibility: float) -> str:
        """Hide a message for `visibility` seconds from now on; returns the new pop receipt."""
        query = {"popreceipt": pop_receipt, "visibilitytimeout": str(int(visibility))}
        headers, _ = self._account.request("PUT", f"/{self.name}/messages/{message_id}", query)
        return headers.get("x-ms-popreceipt", pop_receipt)


@contextlib.contextmanager
def ignore_lost_message() -> Iterator[None]:
    """Pass over the errors that mean: the message is no longer ours."""
    try:
        yield
    except StorageError as error:
        if error.status != 404 and error.code != "PopReceiptMismatch":
            raise


def connect(setting: str, where: str) -> QueueAccount:
    """The queue service that an app setting names, by connection string or by the identity family.

    `NAME` holds a connection string; or `NAME__queueServiceUri` or `NAME__accountName` is set, and the
    signed-in identity is used. The prefix `AzureWebJobs` of a name may be left out. Raises StartError.
    """
    for name in (setting, f"AzureWebJobs{setting}"):
        if text := os.environ.get(name):
            return _from_connection_string(text, name)
        uri = os.environ.get(f"{name}__queueServiceUri")
        account = os.environ.get(f"{name}__accountName")
        if uri or account:
            uri = uri or f"https://{account}.queue.core.windows.net"
            return QueueAccount(uri, account or "", token=identity_token(name, _SCOPE))
    raise StartError(
        f"{where}: the connection '{setting}' is not set; set {setting} to a connection string, "
        f"or {setting}__queueServiceUri to the queue endpoint"
    )


def identity_token(setting: str, scope: str) -> Callable[[], str]:
    """A function that gives an access token of the signed-in identity (`SETTING__clientId` chooses which)."""
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise StartError(f"{setting}: a connection by identity needs the package azure-identity") from None
    credential = DefaultAzureCredential(managed_identity_client_id=os.environ.get(f"{setting}__clientId"))
    # The credential keeps the token and renews it before it expires.
    return lambda: credential.get_token(scope).token


def _from_connection_string(text: str, setting: str) -> QueueAccount:
    parts = {}
    for part in text.strip().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise StartError(f"{setting}: not a storage connection string (a part has no '=')")
        parts[name.strip().lower()] = value.strip()
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        port = os.environ.get("AZURITE_QUEUE_PORT", "10001")
        return QueueAccount(f"http://127.0.0.1:{port}/{ACCOUNT}", ACCOUNT, key=ACCOUNT_KEY)
    account, sas = parts.get("accountname", ""), parts.get("sharedaccesssignature", "")
    endpoint = parts.get("queueendpoint")
    if endpoint is None:
        suffix = parts.get("endpointsuffix", "core.windows.net")
        endpoint = f"{parts.get('defaultendpointsprotocol', 'https')}://{account}.queue.{suffix}"
    if not sas and not (account and parts.get("accountkey")):
        raise StartError(f"{setting}: the connection string has neither AccountName and AccountKey nor a SAS")
    try:
        return QueueAccount(endpoint, account, key=parts.get("accountkey", ""), sas=sas)
    except ValueError:
        raise StartError(f"{setting}: the AccountKey of the connection string is not base64") from None
