"""Sessions of people in a browser (table `sessions`): a random token in a cookie, of which only the hash is stored.

A cookie holds `<account id>.<secret>`: the account's sessions stand in one partition, so that they can be found, capped
and ended without looking through those of others. A session is over when it was not used for some time, when it is too
old, when it was ended, or when its account began a new `generation` of sessions: a change of password or role, or an
admin, ends all of them with one write.
"""

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.access import accounts
from rca_core.access.accounts import Account
from rca_core.access.principal import Principal
from rca_core.foundation import clock
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.storage import Storage

TABLE = "sessions"

_LONGEST_TOKEN = 200
_SECRET_BYTES = 32
# An account has so many sessions; one more ends the oldest.
_MOST = 20
# That a session is in use is written down at most this often (and at least four times in its idle time).
_SLIDE_SECONDS = 300


class Place(NamedTuple):
    """Where a session stands."""

    account_id: str
    key: str


def cookie_name(secure: bool) -> str:
    """The cookie's name. On https `__Host-`: a browser takes it only for this very host, secure, for all paths
    ("Cookies: HTTP State Management Mechanism", RFC 6265bis).
    """
    return "__Host-session" if secure else "session"


def cookie(token: str, settings: AccessSettings, *, secure: bool) -> str:
    """Value of the Set-Cookie header that keeps a session's token in the browser, or takes it away if it is empty."""
    age = settings.session_max_hours * 3_600 if token else 0
    marks = "HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
    return f"{cookie_name(secure)}={token}; Path=/; Max-Age={age}; {marks}"


def start(storage: Storage, account: Account, now: datetime | None = None) -> str:
    """Begins a session and returns its token. What is over of the account's sessions, or too many, is removed."""
    moment = now or clock.now()
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    stamp = clock.to_iso(moment)
    table = storage.table(TABLE)
    known = sorted(_of_account(storage, account.id), key=lambda row: str(row["seen"]))
    over = [row for row in known if row["generation"] != account.generation]
    current = [row for row in known if row["generation"] == account.generation]
    for row in [*over, *current[: max(0, len(current) - _MOST + 1)]]:
        with suppress(ResourceNotFoundError):
            table.delete_entity(row)
    table.create_entity(
        {
            "PartitionKey": account.id,
            "RowKey": _hashed(secret),
            "generation": account.generation,
            "created": stamp,
            "seen": stamp,
        }
    )
    return f"{account.id}.{secret}"


def find(storage: Storage, token: str, settings: AccessSettings, now: datetime | None = None) -> Principal | None:
    """Who a token stands for, with the role that the account has now; None if the session is over or there is none."""
    place = _place(token)
    if place is None:
        return None
    moment = now or clock.now()
    try:
        row = storage.table(TABLE).get_entity(place.account_id, place.key)
    except ResourceNotFoundError:
        return None
    idle = timedelta(minutes=settings.session_idle_minutes)
    unused = moment - clock.from_iso(row["seen"])
    if unused >= idle or moment - clock.from_iso(row["created"]) >= timedelta(hours=settings.session_max_hours):
        end(storage, token)
        return None
    account = accounts.find(storage, place.account_id)
    if account is None or account.status != "active" or account.generation != row["generation"]:
        return None
    if unused >= min(timedelta(seconds=_SLIDE_SECONDS), idle / 4) and not _slide(storage, place, moment):
        return None
    return Principal(kind="session", id=account.id, name=account.email, role=account.role)


def end(storage: Storage, token: str) -> None:
    """Ends a session; nothing happens if it is over."""
    place = _place(token)
    if place is not None:
        storage.table(TABLE).delete_entity(place.account_id, place.key)


def _slide(storage: Storage, place: Place, moment: datetime) -> bool:
    """Notes that the session is in use; False if it was ended meanwhile, which must not bring it back."""
    used = {"PartitionKey": place.account_id, "RowKey": place.key, "seen": clock.to_iso(moment)}
    try:
        storage.table(TABLE).update_entity(used, mode=UpdateMode.MERGE)
    except ResourceNotFoundError:
        return False
    return True


def _place(token: str) -> Place | None:
    account_id, dot, secret = token.partition(".")
    if not (dot and secret and token.isascii() and account_id.isalnum() and len(token) <= _LONGEST_TOKEN):
        return None
    return Place(account_id, _hashed(secret))


def _hashed(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def _of_account(storage: Storage, account_id: str) -> list[Any]:
    found = storage.table(TABLE).query_entities("PartitionKey eq @account", parameters={"account": account_id})
    return list(found)
