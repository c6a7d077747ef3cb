"""Personal tokens for scripts (table `tokens`): `Authorization: Bearer rca_...`, made by their owner, for reading.

A token is `rca_<id>_<account id>_<secret>`. What is stored is the hash of all of it; what is shown later is how it
begins, its name and its dates. The account's tokens stand in one partition.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.access import accounts
from rca_core.access.accounts import Account
from rca_core.access.principal import ROLES, Principal, Role
from rca_core.foundation import clock
from rca_core.foundation.errors import Conflict, Forbidden, MalformedRequest, NotFound
from rca_core.foundation.storage import Storage

TABLE = "tokens"
MOST_DAYS = 366

_MARK = "rca_"
_LONGEST_TOKEN = 200
_LONGEST_NAME = 100
_MOST = 50
# That a token is in use is written down at most once a day.
_NOTE_SECONDS = 86_400


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make: what it is for, how long it lives, and what it may do (never more than its owner)."""

    name: str
    days: int = 90
    role: Role = "viewer"


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a token: how it begins, never the whole."""

    id: str
    name: str
    prefix: str
    role: Role
    created: str
    expires: str
    revoked: str = ""
    last_used: str = ""


class MadeToken(msgspec.Struct, frozen=True):
    """A new token, shown this once."""

    token: str
    details: TokenView


class TokenList(msgspec.Struct, frozen=True):
    """The tokens of an account, newest first."""

    items: list[TokenView]


def make(storage: Storage, account: Account, wanted: NewToken, now: datetime | None = None) -> MadeToken:
    """Makes a token; raises MalformedRequest, Forbidden for a role above the owner's, Conflict if there are many."""
    moment = now or clock.now()
    name = wanted.name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise MalformedRequest(f"'name' says what the token is for, in 1 to {_LONGEST_NAME} characters.", field="name")
    if not 1 <= wanted.days <= MOST_DAYS:
        raise MalformedRequest(f"'days' is a whole number from 1 to {MOST_DAYS}.", field="days")
    if ROLES.index(wanted.role) > ROLES.index(account.role):
        raise Forbidden(f"You are {account.role}: a token of yours cannot be {wanted.role}.", field="role")
    known = listed(storage, account.id).items
    stamp = clock.to_iso(moment)
    if sum(not one.revoked and one.expires > stamp for one in known) >= _MOST:
        raise Conflict(f"You have {_MOST} tokens, which is the most there may be: revoke one.")
    for one in known:
        if one.revoked or one.expires <= stamp:
            with suppress(ResourceNotFoundError):
                storage.table(TABLE).delete_entity(account.id, one.id)
    token_id = secrets.token_hex(4)
    token = f"{_MARK}{token_id}_{account.id}_{secrets.token_urlsafe(32)}"
    details = TokenView(
        id=token_id,
        name=name,
        prefix=f"{_MARK}{token_id}",
        role=wanted.role,
        created=stamp,
        expires=clock.to_iso(moment + timedelta(days=wanted.days)),
    )
    row = {"PartitionKey": account.id, "RowKey": token_id, **msgspec.structs.asdict(details), "hash": _hashed(token)}
    storage.table(TABLE).create_entity(row)
    return MadeToken(token, details)


def find(storage: Storage, token: str, now: datetime | None = None) -> Principal | None:
    """Who a token stands for, with the lower of its role and the account's role now; None if it is not valid."""
    if not (token.startswith(_MARK) and token.isascii() and len(token) <= _LONGEST_TOKEN):
        return None
    token_id, _, rest = token.removeprefix(_MARK).partition("_")
    owner, _, secret = rest.partition("_")
    if not (token_id.isalnum() and owner.isalnum() and secret):
        return None
    try:
        row = storage.table(TABLE).get_entity(owner, token_id)
    except ResourceNotFoundError:
        return None
    moment = now or clock.now()
    known = _view(row)
    right = hmac.compare_digest(str(row["hash"]), _hashed(token))
    if not right or known.revoked or known.expires <= clock.to_iso(moment):
        return None
    account = accounts.find(storage, owner)
    if account is None or account.status != "active":
        return None
    if not known.last_used or moment - clock.from_iso(known.last_used) >= timedelta(seconds=_NOTE_SECONDS):
        _merge(storage, owner, token_id, last_used=clock.to_iso(moment))
    role = min(known.role, account.role, key=ROLES.index)
    return Principal(kind="token", id=account.id, name=account.email, role=role)


def listed(storage: Storage, account_id: str) -> TokenList:
    """The tokens of an account, newest first, revoked and expired ones too until it makes another."""
    found = storage.table(TABLE).query_entities("PartitionKey eq @account", parameters={"account": account_id})
    return TokenList(sorted(map(_view, found), key=lambda one: one.created, reverse=True))


def revoke(storage: Storage, account_id: str, token_id: str, now: datetime | None = None) -> TokenView:
    """Revokes a token of this account; raises NotFound."""
    found = next((one for one in listed(storage, account_id).items if one.id == token_id), None)
    if found is None:
        raise NotFound(f"You have no token {token_id[:60]!r}.")
    if found.revoked:
        return found
    stamp = clock.to_iso(now or clock.now())
    _merge(storage, account_id, token_id, revoked=stamp)
    return msgspec.structs.replace(found, revoked=stamp)


def revoke_all(storage: Storage, account_id: str) -> int:
    """Revokes every token of the account; returns how many there were to revoke."""
    valid = [one for one in listed(storage, account_id).items if not one.revoked]
    for one in valid:
        revoke(storage, account_id, one.id)
    return len(valid)


def _merge(storage: Storage, account_id: str, token_id: str, **columns: str) -> None:
    row = {"PartitionKey": account_id, "RowKey": token_id, **columns}
    with suppress(ResourceNotFoundError):  # over, and removed since
        storage.table(TABLE).update_entity(row, mode=UpdateMode.MERGE)


def _hashed(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()


def _view(row: Any) -> TokenView:
    return msgspec.convert({name: row[name] for name in TokenView.__struct_fields__ if name in row}, TokenView)
