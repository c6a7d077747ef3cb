"""Signing in with a password, and changing it: throttled, and the same for an account that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from azure.core.exceptions import AzureError

from rca_core.access import accounts, passwords, throttle, tokens
from rca_core.access.accounts import Account
from rca_core.foundation import clock
from rca_core.foundation.errors import Forbidden, NotFound, RcaError, TransientError, Unauthorized
from rca_core.foundation.storage import Storage

_NOT_LET_IN = "E-mail address or password is wrong, or an admin has not approved the account yet."


class SignIn(NamedTuple):
    """What came of a try: the account if it may come in, else why not; `user` is its address, or `unknown`.

    `note` is for the audit trail alone.
    """

    user: str
    account: Account | None
    refusal: RcaError | None
    note: str = ""


def sign_in(storage: Storage, email: str, password: str, address: str) -> SignIn:
    """Whether the password is that of the account; raises TooManyRequests."""
    attempt = throttle.admit(storage, accounts.account_id(email), address)
    with _taken_back_in_trouble(storage, attempt):
        account = accounts.find(storage, attempt.account_id)
        fits = passwords.fits(password, account.password_hash if account else None)
    user = account.email if account else "unknown"
    if not fits or account is None:
        return SignIn(user, None, Unauthorized(_NOT_LET_IN), _note_of(attempt))
    throttle.succeeded(storage, attempt)
    if account.status == "waiting":
        # As for a wrong password: whoever registers a strange address must not learn here whether it was free.
        return SignIn(user, None, Unauthorized(_NOT_LET_IN), "waits for approval")
    if account.status == "disabled":
        return SignIn(user, None, Forbidden("Your account is disabled: ask an admin."), "disabled")
    stamp = clock.to_iso(clock.now())
    seen = accounts.change(storage, account.id, lambda old: msgspec.structs.replace(old, last_sign_in=stamp))
    # Disabled, or given another password, between our look at it and now.
    if seen.status != "active" or seen.password_hash != account.password_hash:
        return SignIn(user, None, Unauthorized("Your account has just been changed: try again."), "just changed")
    return SignIn(user, seen, None)


def change_password(storage: Storage, account_id: str, old: str, new: str, address: str) -> Account:
    """Gives the account another password, ends its sessions and revokes its tokens.

    Raises Forbidden if the old one is wrong, MalformedRequest if the new one is not good enough, TooManyRequests.
    """
    account = accounts.find(storage, account_id)
    if account is None:
        raise NotFound("You have no password here: you are signed in by the platform in front.")
    passwords.check(new, account.email, account.name)
    # Somebody who found an open session must not guess either.
    attempt = throttle.admit(storage, account.id, address)
    with _taken_back_in_trouble(storage, attempt):
        fits = passwords.fits(old, account.password_hash)
    if not fits:
        raise Forbidden("The old password is wrong.", field="old")
    throttle.succeeded(storage, attempt)
    fresh = passwords.hashed(new)

    def renew(current: Account) -> Account:
        if current.password_hash != account.password_hash:
            raise Forbidden("The password has just been changed by somebody else.", field="old")
        stamp = clock.to_iso(clock.now())
        return msgspec.structs.replace(
            current, password_hash=fresh, generation=current.generation + 1, changed=stamp, changed_by=current.email
        )

    changed = accounts.change(storage, account.id, renew)
    # Whoever knew the old password may have made one.
    tokens.revoke_all(storage, account.id)
    return changed


@contextmanager
def _taken_back_in_trouble(storage: Storage, attempt: throttle.Attempt) -> Iterator[None]:
    """A try whose password nobody looked at, because we were too busy or storage in trouble, counts for nothing."""
    try:
        yield
    except (TransientError, AzureError):
        throttle.taken_back(storage, attempt)
        raise


def _note_of(attempt: throttle.Attempt) -> str:
    locked = f"; locked until {attempt.locked_until}" if attempt.locked_until else ""
    return f"wrong password or address, {attempt.failures} in a row from there{locked}"
