"""How accounts come to be: the first admin from the settings, by invitation, or by whoever asks for one."""

from typing import Literal, NamedTuple

import msgspec

from rca_core.access import accounts, invitations, passwords, throttle, tokens
from rca_core.access.accounts import Account
from rca_core.access.invitations import Invitation
from rca_core.foundation import clock, logs
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.errors import Forbidden, MalformedRequest, SettingsError
from rca_core.foundation.storage import Storage

Outcome = Literal["made", "renewed", "known"]


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/register."""

    email: str
    password: str
    name: str = ""
    invitation: str | None = None


class Registered(NamedTuple):
    """What came of it, which the caller is not told: a new account, a new password, or (`known`) nothing."""

    outcome: Outcome
    account: Account


def register(storage: Storage, settings: AccessSettings, wanted: NewPerson, address: str) -> Registered:
    """Makes the account that somebody asks for, and says nothing of whether the address has one already.

    Raises Forbidden without the invitation that the settings ask for, MalformedRequest for a bad address, name or
    password, and TooManyRequests.
    """
    if settings.registration == "closed":
        raise Forbidden("Registration is closed here (setting REGISTRATION): ask an admin.")
    throttle.count(storage, "register", address)
    email = accounts.checked_email(wanted.email)
    invitation = _invitation(storage, settings, email, wanted.invitation)
    passwords.check(wanted.password, email, wanted.name)
    # Hashed in any case, so that the time does not tell whether there is an account.
    new = accounts.new_account(
        email,
        wanted.name,
        passwords.hashed(wanted.password),
        role=invitation.role if invitation else "viewer",
        status="active" if invitation or not settings.needs_approval else "waiting",
    )
    if accounts.create(storage, new):
        result = Registered("made", new)
    elif invitation:
        result = Registered("renewed", _renewed(storage, new, invitation))
        tokens.revoke_all(storage, new.id)
    else:
        result = Registered("known", accounts.get(storage, new.id))
    if invitation:
        invitations.used(storage, invitation)
        # Whoever is locked out by the guesses of others gets in with an invitation.
        throttle.know(storage, new.id, address)
    return result


def ensure_first_admin(storage: Storage, settings: AccessSettings) -> Account | None:
    """Makes the admin of the settings if there is none, and returns the account if it did.

    An account of this address that is there already (somebody else may have asked for it) is taken over. Raises
    SettingsError for a password that is not good enough.
    """
    email, password = settings.bootstrap_email, settings.bootstrap_password
    if not email or not password or accounts.has_admin(storage):
        return None
    try:
        passwords.check(password, email)
        new = accounts.new_account(email, "", passwords.hashed(password), role="admin", status="active")
    except MalformedRequest as error:
        raise SettingsError(f"BOOTSTRAP_ADMIN_EMAIL or BOOTSTRAP_ADMIN_PASSWORD: {error.detail}") from None
    if not accounts.create(storage, new) and not accounts.has_admin(storage):
        accounts.change(storage, new.id, lambda old: msgspec.structs.replace(new, generation=old.generation + 1))
    logs.info("first-admin-made", account=new.id)
    return new


def _invitation(storage: Storage, settings: AccessSettings, email: str, secret: str | None) -> Invitation | None:
    if secret is None and settings.registration == "open":
        return None
    found = invitations.find(storage, email, secret) if secret else None
    if found is None:
        raise Forbidden(
            "This needs an invitation for this very address from an admin; one serves once and for some days.",
            field="invitation",
        )
    return found


def _renewed(storage: Storage, new: Account, invitation: Invitation) -> Account:
    """The account that was there, with the new password; what it may do stays, unless it waited for approval."""

    def renew(old: Account) -> Account:
        waited = old.status == "waiting"
        return msgspec.structs.replace(
            old,
            password_hash=new.password_hash,
            generation=old.generation + 1,
            status="active" if waited else old.status,
            role=invitation.role if waited else old.role,
            changed=clock.to_iso(clock.now()),
            changed_by=invitation.created_by,
        )

    return accounts.change(storage, new.id, renew)
