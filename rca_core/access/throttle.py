"""How often somebody may try to sign in (table `signins`, so that it holds across instances).

Failures in a row are counted in three places; an attempt is counted as a failure before the password is looked at and
taken back when it was right, so that many guesses at once do not get past the count.

| counted | limit | then |
|---|---|---|
| for an account from one address | 10, the third and later ones 1, 2, 4 ... s apart | 15 min after each more |
| for an account from all addresses | 10 | 15 min after each more, but not for addresses it signed in from before |
| for an address over all accounts, in 15 min | 50 | 15 min, but not for accounts that signed in from it before |

So guessing stops, and the owner still gets in: from a known address whatever others do, from a new one after the wait
or with an invitation. What is refused here is not counted, so that trying again does not make the wait longer. Failures
of an account are forgotten after a success, or a day without any.
"""

import hashlib
import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.errors import TooManyRequests, TransientError
from rca_core.foundation.storage import Storage

TABLE = "signins"

FREE_TRIES = 3
TRIES_OF_AN_ACCOUNT = 10
TRIES_OF_AN_ADDRESS = 50
LOCK_SECONDS = 900
FORGET_SECONDS = 86_400
KNOWN_DAYS = 60

_WHOLE = "all"
_ATTEMPTS = 40
_LONGEST_WAIT_SECONDS = 0.5
_HTTP_CONFLICT = frozenset({409, 412})


class Tries(msgspec.Struct, frozen=True):
    """Failures in a row, the last of them (of an address: the first), until when no try is let through, and the last
    success (`""`: never).
    """

    failures: int = 0
    last: str = ""
    until: str = ""
    succeeded: str = ""


class Attempt(NamedTuple):
    """A try that was let through: the failure that it is if the password is wrong, and when it may be tried again."""

    account_id: str
    address: str
    failures: int
    locked_until: str


class _Row(NamedTuple):
    partition: str
    key: str
    tries: Tries
    etag: str | None


def admit(storage: Storage, account_id: str, address: str, now: datetime | None = None) -> Attempt:
    """Lets one try through and counts it as a failure; raises TooManyRequests with the wait in seconds.

    `account_id` is that of the address typed, whether or not there is such an account; `address` is where it came from.
    """
    origin = network(address)
    moment = now or clock.now()
    for _ in _attempts():
        whole, pair = _of_account(storage, account_id, origin)
        place = _of_address(storage, origin)
        known = pair.tries.succeeded > clock.to_iso(moment - timedelta(days=KNOWN_DAYS))
        _refuse_until(pair.tries.until if known else max(row.tries.until for row in (pair, whole, place)), moment)
        new_pair = _failed(pair.tries, moment, _wait_of_pair)
        new_whole = _failed(whole.tries, moment, lambda n: LOCK_SECONDS if n >= TRIES_OF_AN_ACCOUNT else 0)
        if not _write_both(storage, (pair, new_pair), (whole, new_whole)):
            continue
        _count_address(storage, origin, +1, moment)
        locked = max(new_pair.until, new_whole.until)
        return Attempt(account_id, address, new_pair.failures, locked if _is_lock(locked, moment) else "")
    raise AssertionError("unreachable: _attempts raises")


def succeeded(storage: Storage, attempt: Attempt, now: datetime | None = None) -> None:
    """The password was right: what was counted is taken back, and the address is known from now on."""
    moment = now or clock.now()
    know(storage, attempt.account_id, attempt.address, moment)
    _count_address(storage, network(attempt.address), -1, moment)


def taken_back(storage: Storage, attempt: Attempt, now: datetime | None = None) -> None:
    """The try came to nothing, through no fault of whoever made it: it is not counted."""
    for _ in _attempts():
        whole, pair = _of_account(storage, attempt.account_id, network(attempt.address))
        if _write_both(storage, (pair, _one_less(pair.tries)), (whole, _one_less(whole.tries))):
            break
    _count_address(storage, network(attempt.address), -1, now or clock.now())


def know(storage: Storage, account_id: str, address: str, now: datetime | None = None) -> None:
    """The account's owner was at this address: the count of the account begins anew, and the address is known."""
    stamp = clock.to_iso(now or clock.now())
    for _ in _attempts():
        whole, pair = _of_account(storage, account_id, network(address))
        if _write_both(storage, (pair, Tries(succeeded=stamp)), (whole, Tries())):
            return


def count(storage: Storage, what: str, address: str, now: datetime | None = None) -> None:
    """Counts something else that an address may not do without end (to register); raises TooManyRequests."""
    moment = now or clock.now()
    origin = f"{what}|{network(address)}"
    _refuse_until(_of_address(storage, origin).tries.until, moment)
    _count_address(storage, origin, +1, moment)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that an IPv6 host may choose from at will."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def _wait_of_pair(failures: int) -> int:
    if failures >= TRIES_OF_AN_ACCOUNT:
        return LOCK_SECONDS
    return int(2 ** (failures - FREE_TRIES)) if failures >= FREE_TRIES else 0


def _failed(tries: Tries, moment: datetime, wait: Callable[[int], int]) -> Tries:
    """One more failure in a row."""
    stale = tries.last <= clock.to_iso(moment - timedelta(seconds=FORGET_SECONDS))
    failures = 1 if stale else tries.failures + 1
    seconds = wait(failures)
    until = clock.to_iso(moment + timedelta(seconds=seconds)) if seconds else ""
    return Tries(failures, clock.to_iso(moment), until, tries.succeeded)


def _one_less(tries: Tries) -> Tries:
    return msgspec.structs.replace(tries, failures=max(0, tries.failures - 1), until="")


def _in_window(tries: Tries, step: int, moment: datetime) -> Tries:
    """One failure more or less of an address; counting begins anew after a quarter of an hour."""
    if tries.last <= clock.to_iso(moment - timedelta(seconds=LOCK_SECONDS)):
        tries = Tries(last=clock.to_iso(moment), until=tries.until)
    failures = max(0, tries.failures + step)
    until = tries.until
    if failures < TRIES_OF_AN_ADDRESS:
        until = ""
    elif step > 0:
        until = clock.to_iso(moment + timedelta(seconds=LOCK_SECONDS))
    return Tries(failures, tries.last, until)


def _refuse_until(until: str, moment: datetime) -> None:
    if until > clock.to_iso(moment):
        seconds = ceil((clock.from_iso(until) - moment).total_seconds())
        raise TooManyRequests(
            f"Too many tries failed. Try again in {_in_words(seconds)}.",
            retry_after_seconds=seconds,
        )


def _in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} minutes"


def _is_lock(until: str, moment: datetime) -> bool:
    return until >= clock.to_iso(moment + timedelta(seconds=LOCK_SECONDS))


def _of_account(storage: Storage, account_id: str, origin: str) -> tuple[_Row, _Row]:
    partition, key = f"account|{account_id}", f"from|{_hashed(origin)}"
    found = storage.table(TABLE).query_entities(
        # The library finds a parameter only between blanks.
        "PartitionKey eq @partition and ( RowKey eq @whole or RowKey eq @pair )",
        parameters={"partition": partition, "whole": _WHOLE, "pair": key},
    )
    rows = {row["RowKey"]: row for row in found}
    return _row(partition, _WHOLE, rows.get(_WHOLE)), _row(partition, key, rows.get(key))


def _of_address(storage: Storage, origin: str) -> _Row:
    partition = f"address|{_hashed(origin)}"
    try:
        found = storage.table(TABLE).get_entity(partition, _WHOLE)
    except ResourceNotFoundError:
        found = None
    return _row(partition, _WHOLE, found)


def _row(partition: str, key: str, found: Any) -> _Row:
    if found is None:
        return _Row(partition, key, Tries(), None)
    fields = {name: found[name] for name in Tries.__struct_fields__ if name in found}
    return _Row(partition, key, Tries(**fields), str(found.metadata["etag"]))


def _write_both(storage: Storage, *changes: tuple[_Row, Tries]) -> bool:
    """One transaction; False if another writer was faster."""
    try:
        storage.table(TABLE).submit_transaction([_operation(row, tries) for row, tries in changes])
    except TableTransactionError as error:
        if error.status_code in _HTTP_CONFLICT:
            return False
        raise
    return True


def _count_address(storage: Storage, origin: str, step: int, moment: datetime) -> None:
    for _ in _attempts():
        row = _of_address(storage, origin)
        new = _in_window(row.tries, step, moment)
        kind, entity, *guard = _operation(row, new)
        table = storage.table(TABLE)
        try:
            if kind == "create":
                table.create_entity(entity)
            else:
                table.update_entity(entity, **guard[0])
        except (ResourceExistsError, ResourceModifiedError):
            continue
        return


def _attempts() -> Iterator[int]:
    for attempt in range(_ATTEMPTS):
        if attempt:
            longest = min(_LONGEST_WAIT_SECONDS, 0.01 * 1.5**attempt)
            # Spreads writers, guards nothing.
            time.sleep(random.uniform(0, longest))  # noqa: S311 # nosec B311
        yield attempt
    raise TransientError("Too many tries to sign in at once.", retry_after_seconds=2)


def _operation(row: _Row, tries: Tries) -> tuple[Any, ...]:
    entity = {"PartitionKey": row.partition, "RowKey": row.key, **msgspec.structs.asdict(tries)}
    if row.etag is None:
        return ("create", entity)
    guard = {"etag": row.etag, "match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
    return ("update", entity, guard)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
