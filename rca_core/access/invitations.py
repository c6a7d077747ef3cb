"""Invitations (table `invitations`): a secret that an admin hands to the owner of one e-mail address.

Whoever shows it gets the account of that address with the role that the invitation names; if the address has an account
already, it gets a new password: so an admin helps who forgot theirs. An address has one invitation at a time, and it
serves once.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError

from rca_core.access import accounts
from rca_core.access.principal import Role
from rca_core.foundation import clock
from rca_core.foundation.errors import MalformedRequest, NotFound
from rca_core.foundation.keys import fits_a_key
from rca_core.foundation.storage import Storage

TABLE = "invitations"
MOST_DAYS = 30

_PARTITION = "invitation"
_MOST_LISTED = 500


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, as what, and for how long the invitation is good."""

    email: str
    role: Role = "viewer"
    days: int = 7


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of an invitation."""

    id: str
    email: str
    role: Role
    created: str
    created_by: str
    expires: str


class MadeInvitation(msgspec.Struct, frozen=True):
    """A new invitation with its secret, shown this once."""

    invitation: str
    details: Invitation


class InvitationList(msgspec.Struct, frozen=True):
    """The invitations that nobody used yet, newest first."""

    items: list[Invitation]


def make(storage: Storage, wanted: NewInvitation, *, user: str, now: datetime | None = None) -> MadeInvitation:
    """Makes an invitation, in place of an earlier one for the address; raises MalformedRequest."""
    moment = now or clock.now()
    email = accounts.checked_email(wanted.email)
    if not 1 <= wanted.days <= MOST_DAYS:
        raise MalformedRequest(f"'days' is a whole number from 1 to {MOST_DAYS}.", field="days")
    secret = secrets.token_urlsafe(32)
    details = Invitation(
        id=accounts.account_id(email),
        email=email,
        role=wanted.role,
        created=clock.to_iso(moment),
        created_by=user,
        expires=clock.to_iso(moment + timedelta(days=wanted.days)),
    )
    row = {"PartitionKey": _PARTITION, "RowKey": details.id, **msgspec.structs.asdict(details), "hash": _hashed(secret)}
    storage.table(TABLE).upsert_entity(row)
    return MadeInvitation(secret, details)


def find(storage: Storage, email: str, secret: str, now: datetime | None = None) -> Invitation | None:
    """The invitation of this address that the secret belongs to; None if it is another's, used or expired."""
    try:
        row = storage.table(TABLE).get_entity(_PARTITION, accounts.account_id(email))
    except ResourceNotFoundError:
        return None
    found = _invitation(row)
    right = hmac.compare_digest(str(row["hash"]), _hashed(secret))
    return found if right and found.expires > clock.to_iso(now or clock.now()) else None


def listed(storage: Storage) -> InvitationList:
    """Those that nobody used yet, newest first."""
    found = storage.table(TABLE).query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
    items = [_invitation(row) for row, _ in zip(found, range(_MOST_LISTED), strict=False)]
    return InvitationList(sorted(items, key=lambda one: one.created, reverse=True))


def withdraw(storage: Storage, id: str) -> Invitation:
    """Makes an invitation worthless; raises NotFound."""
    try:
        if not fits_a_key(id):
            raise ResourceNotFoundError
        found = _invitation(storage.table(TABLE).get_entity(_PARTITION, id))
    except ResourceNotFoundError:
        raise NotFound(f"There is no invitation {id[:60]!r}: it was used or withdrawn.") from None
    used(storage, found)
    return found


def used(storage: Storage, invitation: Invitation) -> None:
    """Removes an invitation that has served."""
    with suppress(ResourceNotFoundError):
        storage.table(TABLE).delete_entity(_PARTITION, invitation.id)


def _hashed(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _invitation(row: Any) -> Invitation:
    return msgspec.convert({name: row[name] for name in Invitation.__struct_fields__ if name in row}, Invitation)
