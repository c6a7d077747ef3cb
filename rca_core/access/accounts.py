"""Local accounts on Table Storage (table `users`): who they are, their role, and whether they may come in.

All stand in one partition: the row of an account is named by the hash of its e-mail address, so that signing in reads
one row, and a list is one range query. Beside them stands the row `admins`, the number of active admins; what changes
that number is one transaction with it, so that two admins who demote each other at once do not leave none.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from rca_core.access.principal import Role
from rca_core.foundation import clock
from rca_core.foundation.errors import Conflict, MalformedRequest, NotFound, TransientError
from rca_core.foundation.schema import refuse_newer, stamped
from rca_core.foundation.storage import Storage

TABLE = "users"

Status = Literal["active", "waiting", "disabled"]

_PARTITION = "user"
_PREFIX = "u|"
_ADMINS = "admins"
_ATTEMPTS = 20
_LONGEST_EMAIL, _LONGEST_NAME = 254, 100
_HTTP_CONFLICT = frozenset({409, 412})


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account. Sessions of an earlier `generation` are over."""

    id: str
    email: str
    name: str
    role: Role
    status: Status
    password_hash: str
    created: str
    generation: int = 0
    changed: str = ""
    changed_by: str = ""
    last_sign_in: str = ""

    @property
    def is_active_admin(self) -> bool:
        """Whether it counts as one of those who can let others in."""
        return self.role == "admin" and self.status == "active"


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """What others see of an account."""

    id: str
    email: str
    name: str
    role: Role
    status: Status
    created: str
    last_sign_in: str = ""
    changed: str = ""
    changed_by: str = ""


class AccountPage(msgspec.Struct, frozen=True):
    """A page of accounts; `next_cursor` is null on the last one."""

    items: list[AccountView]
    next_cursor: str | None


def view(account: Account) -> AccountView:
    """The account without its secrets."""
    return msgspec.convert({name: getattr(account, name) for name in AccountView.__struct_fields__}, AccountView)


def folded(email: str) -> str:
    """The address as it is compared: one mailbox, one account, however it is typed."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def account_id(email: str) -> str:
    """The id of the account of an address, whether or not there is one."""
    return hashlib.sha256(folded(email).encode("utf-8", "replace")).hexdigest()[:32]


def checked_email(email: str) -> str:
    """The address, trimmed; raises MalformedRequest if mail could not be sent to it."""
    text = unicodedata.normalize("NFKC", email).strip()
    name, at, domain = text.rpartition("@")
    good = at and name and "." in domain.strip(".") and domain == domain.strip(".") and "@" not in name
    if not good or len(text) > _LONGEST_EMAIL or not text.isprintable() or any(each in text for each in ' <>"(),;:\\'):
        raise MalformedRequest("'email' is no e-mail address; one looks like ann@example.com.", field="email")
    return text


def checked_name(name: str, email: str) -> str:
    """The name to show, the part before the @ if none is given; raises MalformedRequest."""
    text = unicodedata.normalize("NFC", name).strip()
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise MalformedRequest(f"'name' has at most {_LONGEST_NAME} characters, all printable.", field="name")
    return text or email.rpartition("@")[0]


def new_account(
    email: str, name: str, password_hash: str, *, role: Role, status: Status, at: datetime | None = None
) -> Account:
    """An account that is not stored yet; raises MalformedRequest for an impossible address or name."""
    email = checked_email(email)
    return Account(
        id=account_id(email),
        email=email,
        name=checked_name(name, email),
        role=role,
        status=status,
        password_hash=password_hash,
        created=clock.to_iso(at or clock.now()),
    )


def find(storage: Storage, id: str) -> Account | None:
    """The account with this id, or None."""
    found = _find(storage, id)
    return found and found[0]


def get(storage: Storage, id: str) -> Account:
    """The account with this id; raises NotFound."""
    account = find(storage, id)
    if account is None:
        raise NotFound(f"There is no account {id[:60]!r}.")
    return account


def create(storage: Storage, account: Account) -> bool:
    """Stores a new account; False if its address has one already, which is left as it is."""
    if not account.is_active_admin:
        try:
            storage.table(TABLE).create_entity(_entity(account))
        except ResourceExistsError:
            return False
        return True
    for _ in range(_ATTEMPTS):
        if _submit(storage, [("create", _entity(account)), _admins(storage, +1)]):
            return True
        if find(storage, account.id):
            return False
    raise TransientError("Too many changes to accounts at once.", retry_after_seconds=2)


def change(storage: Storage, id: str, change: Callable[[Account], Account]) -> Account:
    """Stores what `change` makes of the account, and returns that.

    `change` is called again if another writer was faster. Raises NotFound, and Conflict if it would leave no active
    admin.
    """
    for _ in range(_ATTEMPTS):
        found = _find(storage, id)
        if found is None:
            raise NotFound(f"There is no account {id[:60]!r}.")
        old, etag = found
        new = change(old)
        if new == old:
            return old
        operations = [_if_unchanged(_entity(new), etag)]
        step = new.is_active_admin - old.is_active_admin
        if step or (new.is_active_admin and _admins_row(storage) is None):
            # The row is missing where an operator removed it, to let the admin of the settings in again.
            operations.append(_admins(storage, step or +1))
        if _submit(storage, operations):
            return new
    raise TransientError("Too many changes to this account at once.", retry_after_seconds=2)


def end_sessions(storage: Storage, id: str, *, user: str) -> Account:
    """Ends every session of the account; raises NotFound."""
    stamp = clock.to_iso(clock.now())
    return change(
        storage,
        id,
        lambda old: msgspec.structs.replace(old, generation=old.generation + 1, changed=stamp, changed_by=user),
    )


def listed(storage: Storage, *, limit: int, after: str = "", status: Status | None = None) -> AccountPage:
    """A page of accounts in the order of their ids, behind the account `after`; with `status`, of those alone."""
    wanted = "PartitionKey eq @partition and RowKey gt @after and RowKey lt @end"
    parameters = {"partition": _PARTITION, "after": f"{_PREFIX}{after}", "end": f"{_PREFIX}~"}
    if status:
        wanted, parameters["status"] = f"{wanted} and status eq @status", status
    found = storage.table(TABLE).query_entities(wanted, parameters=parameters, results_per_page=limit + 1)
    rows = [row for row, _ in zip(found, range(limit + 1), strict=False)]
    items = [view(_account(row)) for row in rows[:limit]]
    return AccountPage(items, items[-1].id if len(rows) > limit else None)


def has_admin(storage: Storage) -> bool:
    """Whether there is an active admin."""
    row = _admins_row(storage)
    return row is not None and row["count"] > 0


def recount_admins(storage: Storage) -> int:
    """Sets the number of active admins to what it is, where accounts were stored without it; returns it."""
    for _ in range(_ATTEMPTS):
        known = _admins_row(storage)
        rows = storage.table(TABLE).query_entities(
            "PartitionKey eq @partition and RowKey ge @from and RowKey lt @end",
            parameters={"partition": _PARTITION, "from": _PREFIX, "end": f"{_PREFIX}~"},
        )
        count = sum(_account(row).is_active_admin for row in rows)
        entity = {"PartitionKey": _PARTITION, "RowKey": _ADMINS, "count": count}
        if known is None and not count:
            return 0
        if _submit(storage, [_if_unchanged(entity, known.metadata["etag"]) if known else ("create", entity)]):
            return count
    raise TransientError("Too many changes to accounts at once.", retry_after_seconds=2)


def _find(storage: Storage, id: str) -> tuple[Account, str] | None:
    # An id comes from a path or a cookie: what is no id of ours names no row.
    if not (id.isascii() and id.isalnum() and len(id) <= 64):
        return None
    try:
        row = storage.table(TABLE).get_entity(_PARTITION, f"{_PREFIX}{id}")
    except ResourceNotFoundError:
        return None
    return _account(row), str(row.metadata["etag"])


def _admins_row(storage: Storage) -> Any:
    try:
        return storage.table(TABLE).get_entity(_PARTITION, _ADMINS)
    except ResourceNotFoundError:
        return None


def _admins(storage: Storage, step: int) -> tuple[Any, ...]:
    row = _admins_row(storage)
    count = (row["count"] if row else 0) + step
    if count < 1:
        raise Conflict("This is the last active admin: make another one first.", field="role")
    entity = {"PartitionKey": _PARTITION, "RowKey": _ADMINS, "count": count}
    return _if_unchanged(entity, row.metadata["etag"]) if row else ("create", entity)


def _submit(storage: Storage, operations: list[tuple[Any, ...]]) -> bool:
    try:
        storage.table(TABLE).submit_transaction(operations)
    except TableTransactionError as error:
        if error.status_code in _HTTP_CONFLICT:
            return False
        raise
    return True


def _if_unchanged(entity: dict[str, Any], etag: str) -> tuple[Any, ...]:
    guard = {"etag": etag, "match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
    return ("update", entity, guard)


def _entity(account: Account) -> dict[str, Any]:
    row = {"PartitionKey": _PARTITION, "RowKey": f"{_PREFIX}{account.id}"}
    return stamped({**row, **msgspec.structs.asdict(account)})


def _account(row: Any) -> Account:
    refuse_newer(row)
    return msgspec.convert({name: row[name] for name in Account.__struct_fields__ if name in row}, Account)
