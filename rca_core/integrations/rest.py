"""Asking other systems over HTTP within bounds of time and size.

Addresses come from settings alone, never from a payload: whoever may post a failure must not choose where our token
goes. For the same reason redirects are not followed, ids from payloads are checked before they become part of a path,
and plain http is accepted for this machine only, since it would show the token to everybody on the way.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote, urlsplit

import msgspec
import requests
import urllib3

from rca_core.foundation.addresses import is_loopback
from rca_core.foundation.evidence import dig

MEBIBYTE = 1024 * 1024

_LONGEST_REFUSAL = 64 * 1024
_LONGEST_WORDS = 300
_PAGE = re.compile(rb"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_MEANING = {
    401: "the token is not accepted; it may have expired",
    403: "the token may not read this",
    404: "it does not exist there, or the token may not see it",
    429: "too many requests",
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds in seconds and bytes; `total` is for all calls about one failure, a second try included."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 25.0
    longest_wait: float = 2.0
    largest: int = 8 * MEBIBYTE


LIMITS = Limits()


class NoAnswer(Exception):
    """The other side gave no usable answer; `note` says why, for the operator, and never holds a token or a query."""

    def __init__(self, note: str, *, status: int | None = None, retry_in: float | None = None) -> None:
        super().__init__(note)
        self.note = note
        self.status = status
        self.retry_in = retry_in


class Answer(msgspec.Struct, frozen=True):
    """A body that came with a 2xx; `cut` says what of it was not read, `""` when it is whole."""

    call: str
    body: bytes
    cut: str = ""

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def document(self) -> dict[str, Any]:
        """The JSON object in the body."""
        try:
            found = json.loads(self.text(), strict=False)
        except (ValueError, RecursionError):
            why = f"was longer than we read: {self.cut}" if self.cut else "is broken JSON"
            raise NoAnswer(f"The answer to {self.call} {why}.") from None
        if not isinstance(found, dict):
            raise NoAnswer(f"The answer to {self.call} is no JSON object.")
        return found


class Client:
    """One failure's conversation with one system; its time starts here.

    `setting` names the setting that `base_url` came from. `authorization` is the whole header value.
    """

    def __init__(self, setting: str, base_url: str, authorization: str, limits: Limits = LIMITS) -> None:
        self._base_url = _checked(setting, base_url)
        if not (authorization.isascii() and authorization.isprintable()):
            raise NoAnswer("The token holds characters that no token has: copy it again, without line breaks.")
        self._limits = limits
        self._deadline = time.monotonic() + limits.total
        self._session = requests.Session()
        self._session.headers.update({"Accept-Encoding": "identity", "User-Agent": "aiops-rca-assistant"})
        # As `auth`, not as a header: requests lets ~/.netrc overrule a header.
        self._session.auth = _Authorization(authorization)
        if is_loopback(urlsplit(self._base_url).hostname or ""):
            self._session.trust_env = False  # no proxy on the way to ourselves

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json") -> Answer:
        """The answer to a GET; raises NoAnswer."""
        return self._ask("GET", path, query, None, accept)

    def post(self, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        """The answer to a POST that only reads, so that it may be sent twice; raises NoAnswer."""
        return self._ask("POST", path, query, body, "application/json")

    def _ask(self, method: str, path: str, query: Any, body: Any, accept: str) -> Answer:
        try:
            return self._once(method, path, query, body, accept)
        except NoAnswer as refusal:
            if refusal.retry_in is None or time.monotonic() + refusal.retry_in >= self._deadline:
                raise
            time.sleep(refusal.retry_in)
        return self._once(method, path, query, body, accept)

    def _once(self, method: str, path: str, query: Any, body: Any, accept: str) -> Answer:
        call, limits = f"{method} {path}", self._limits
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NoAnswer(f"{call} was not sent: the {limits.total:g} s for this failure are used up.")
        try:
            with self._session.request(
                method,
                self._base_url + path,
                params=query,
                json=body,
                headers={"Accept": accept},
                timeout=(min(limits.connect, left), min(limits.read, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._answer(call, response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            if isinstance(error, requests.ConnectTimeout):
                raise NoAnswer(f"{call}: no connection within {limits.connect:g} s.", retry_in=0.2) from None
            raise NoAnswer(f"{call} was not answered within {limits.read:g} s.") from None
        except requests.exceptions.SSLError:
            raise NoAnswer(f"{call}: the server's certificate is not trusted.") from None
        except requests.ConnectionError:
            raise NoAnswer(f"{call}: no connection to the host in the settings.", retry_in=0.2) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(f"{call}: the answer broke off ({type(error).__name__}).", retry_in=0.2) from None

    def _answer(self, call: str, response: requests.Response) -> Answer:
        status = response.status_code
        if 300 <= status < 400:
            raise NoAnswer(f"{call} answered {status}: {_redirection(response)}", status=status)
        if not 200 <= status < 300:
            said = _said(self._read(response, _LONGEST_REFUSAL)[0])
            meaning = _MEANING.get(status, "the server is in trouble" if status >= 500 else "refused")
            wait = _retry_after(response) if status in (429, 503) else None
            raise NoAnswer(
                f"{call} answered {status}: {meaning}" + (f" ({said})." if said else "."),
                status=status,
                retry_in=wait if wait is not None and wait <= self._limits.longest_wait else None,
            )
        body, cut = self._read(response, self._limits.largest)
        if _PAGE.match(body):
            raise NoAnswer(
                f"{call} answered with a web page where data was expected: a login page or a proxy.", status=status
            )
        return Answer(call, body, cut)

    def _read(self, response: requests.Response, largest: int) -> tuple[bytes, str]:
        read = bytearray()
        # read1 returns what is there; read would wait for a slow sender to fill the buffer, past our deadline.
        while chunk := response.raw.read1(64 * 1024, decode_content=True):
            read += chunk
            if len(read) > largest:
                return bytes(read[:largest]), f"only the first {_size(largest)} were read"
            if time.monotonic() > self._deadline:
                return bytes(read), f"only what came within {self._limits.total:g} s was read"
        return bytes(read), ""


class _Authorization(requests.auth.AuthBase):
    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def segment(what: str, value: str) -> str:
    """An id from a payload as one segment of a path; raises NoAnswer for what would change the path."""
    if not value or value in (".", "..") or not value.isprintable():
        raise NoAnswer(f"The report's {what} cannot be part of an address.")
    return quote(value, safe="")


def _checked(setting: str, base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
    except ValueError:
        raise NoAnswer(f"{setting} is not an address.") from None
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise NoAnswer(f"{setting} must be just https://host or https://host/path.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise NoAnswer(f"{setting} must start with https://, or the token would travel readable.")
    return base_url.rstrip("/")


def _redirection(response: requests.Response) -> str:
    """Where it points, host alone: a login page's address may carry secrets in its query."""
    try:
        host = urlsplit(response.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return f"it redirects to {host or 'another path'} (a login page?), which is not followed."


def _retry_after(response: requests.Response) -> float | None:
    sent = response.headers.get("Retry-After", "0.5")
    return float(sent) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", sent) else None


def _said(body: bytes) -> str:
    """The error text in a refusal, under the names that our three systems use, as one line."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    candidates = (dig(found, "error", "message"), *(dig(found, key) for key in ("message", "detail", "title")))
    said = next((candidate for candidate in candidates if isinstance(candidate, str) and candidate), "")
    line = " ".join("".join(c if c.isprintable() else " " for c in said[: 4 * _LONGEST_WORDS]).split())
    return line[:_LONGEST_WORDS].rstrip(".")


def _size(count: int) -> str:
    return f"{count // MEBIBYTE} MiB" if count >= MEBIBYTE else f"{count} bytes"
