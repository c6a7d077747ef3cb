"""Signing in with a password, and changing it: throttled, and the same for an account that is not there."""

from typing import NamedTuple

import msgspec

from rca_core.access import accounts, passwords, throttle
from rca_core.access.accounts import Account
from rca_core.foundation import clock
from rca_core.foundation.errors import Forbidden, NotFound, RcaError, Unauthorized
from rca_core.foundation.storage import Storage


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
    account = accounts.find(storage, attempt.account_id)
    user = account.email if account else "unknown"
    if not passwords.fits(password, account.password_hash if account else None) or account is None:
        wrong = Unauthorized("E-mail address or password is wrong.")
        return SignIn(user, None, wrong, _note_of(attempt))
    throttle.succeeded(storage, attempt)
    if account.status == "waiting":
        return SignIn(user, None, Forbidden("Your account waits for an admin's approval."), "waits for approval")
    if account.status == "disabled":
        return SignIn(user, None, Forbidden("Your account is disabled: ask an admin."), "disabled")
    stamp = clock.to_iso(clock.now())
    seen = accounts.change(storage, account.id, lambda old: msgspec.structs.replace(old, last_sign_in=stamp))
    # Disabled, or given another password, between our look at it and now.
    if seen.status != "active" or seen.password_hash != account.password_hash:
        return SignIn(user, None, Unauthorized("Your account has just been changed: try again."), "just changed")
    return SignIn(user, seen, None)


def change_password(storage: Storage, account_id: str, old: str, new: str, address: str) -> Account:
    """Gives the account another password and ends its sessions.

    Raises Forbidden if the old one is wrong, MalformedRequest if the new one is not good enough, TooManyRequests.
    """
    account = accounts.find(storage, account_id)
    if account is None:
        raise NotFound("You have no password here: you are signed in by the platform in front.")
    passwords.check(new, account.email, account.name)
    # Somebody who found an open session must not guess either.
    attempt = throttle.admit(storage, account.id, address)
    if not passwords.fits(old, account.password_hash):
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

    return accounts.change(storage, account.id, renew)


def _note_of(attempt: throttle.Attempt) -> str:
    locked = f"; locked until {attempt.locked_until}" if attempt.locked_until else ""
    return f"wrong password or address, {attempt.failures} in a row from there{locked}"
