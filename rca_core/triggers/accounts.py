"""Accounts over HTTP: register, sign in and out, one's own password and tokens."""

from typing import Annotated, Literal

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.access import accounts, registration, sessions, signing_in, tokens
from rca_core.access.accounts import Account
from rca_core.access.principal import Kind, Principal, Role
from rca_core.access.registration import NewPerson
from rca_core.access.roles import Permission, permissions_of
from rca_core.access.tokens import NewToken
from rca_core.foundation import logs
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.errors import Forbidden, RcaError, TooManyRequests
from rca_core.foundation.settings import settings
from rca_core.triggers.guard import caller, client_address, is_https, note, session_token
from rca_core.triggers.http import endpoint, json_body, json_response

blueprint = func.Blueprint()

Word = Annotated[str, msgspec.Meta(max_length=1_000)]

_ACTION_OF = {"made": "Account Registered", "renewed": "Password Renewed", "known": "Registration Refused"}


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/login."""

    email: Word
    password: Word


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/password: the password so far, and the one from now on."""

    old: Word
    new: Word


class Person(msgspec.Struct, frozen=True):
    """Who is signed in; `kind` says how. `permissions` are those of the role, so that a page offers nothing else."""

    id: str
    email: str
    name: str
    role: Role
    kind: Kind
    permissions: list[Permission]


class SignedIn(msgspec.Struct, frozen=True):
    """Answer to a sign-in."""

    user: Person


class Received(msgspec.Struct, frozen=True):
    """Answer to a registration: the same whether or not the address has an account."""

    status: Literal["received"]
    message: str


@blueprint.route("api/register", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def register(req: func.HttpRequest) -> func.HttpResponse:
    """Asks for an account."""
    wanted = json_body(req, NewPerson)
    access = settings().access
    _ensure_first_admin(req, access)
    try:
        done = registration.register(services.storage(), access, wanted, client_address(req))
    except RcaError as error:
        logs.info("registration-refused", address=client_address(req), reason=error.title)
        raise
    details = f"{done.account.role}, {done.account.status}" if done.outcome != "known" else "has an account already"
    # Whoever asked for an address that has an account need not be its owner.
    user = done.account.email if done.outcome != "known" else "unknown"
    note(req, _ACTION_OF[done.outcome], user, details if user != "unknown" else f"{done.account.email} {details}")
    if wanted.invitation or not access.needs_approval:
        message = "Thank you. You can sign in now with this address and password."
    else:
        message = "Thank you. An admin has to approve the account; then you can sign in."
    message += " If the address had an account before, it is as it was." if not wanted.invitation else ""
    return json_response(Received("received", message), status=202)


@blueprint.route("api/login", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def login(req: func.HttpRequest) -> func.HttpResponse:
    """Signs in with e-mail address and password, and begins a session."""
    given = json_body(req, Credentials)
    storage, access, address = services.storage(), settings().access, client_address(req)
    _ensure_first_admin(req, access)
    try:
        done = signing_in.sign_in(storage, given.email, given.password, address)
    except TooManyRequests as error:
        logs.warning("sign-in-throttled", address=address, seconds=error.retry_after_seconds)
        raise
    if done.refusal is not None or done.account is None:
        note(req, "Sign-in Refused", done.user, done.note)
        raise done.refusal or Forbidden("You may not sign in.")
    # What was in the browser before must not become a session of somebody who signs in (session fixation).
    sessions.end(storage, session_token(req))
    note(req, "Signed In", done.user)
    return _with_session(req, done.account)


@blueprint.route("api/logout", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def logout(req: func.HttpRequest) -> func.HttpResponse:
    """Ends the session."""
    sessions.end(services.storage(), session_token(req))
    note(req, "Signed Out", caller().name)
    taken_away = sessions.cookie("", settings().access, secure=is_https(req))
    return func.HttpResponse(status_code=204, headers={"Cache-Control": "no-store", "Set-Cookie": taken_away})


@blueprint.route("api/me", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def me(req: func.HttpRequest) -> func.HttpResponse:
    """Who is signed in."""
    principal = caller()
    account = accounts.find(services.storage(), principal.id)
    return json_response(_person(principal, account))


@blueprint.route("api/password", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def change_password(req: func.HttpRequest) -> func.HttpResponse:
    """Changes the caller's password: every session of theirs ends, and a new one begins here."""
    given, principal = json_body(req, PasswordChange), caller()
    try:
        account = signing_in.change_password(
            services.storage(), principal.id, given.old, given.new, client_address(req)
        )
    except Forbidden:
        note(req, "Password Change Refused", principal.name, "the old password was wrong")
        raise
    note(req, "Password Changed", principal.name)
    return _with_session(req, account)


@blueprint.route("api/tokens", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def make_token(req: func.HttpRequest) -> func.HttpResponse:
    """Makes a token for a script, shown this once."""
    wanted, principal = json_body(req, NewToken), caller()
    account = accounts.find(services.storage(), principal.id)
    if account is None:
        raise Forbidden("Tokens belong to local accounts; you are signed in by the platform in front.")
    made = tokens.make(services.storage(), account, wanted)
    expires = f"expires {made.details.expires}"
    note(req, "Token Made", principal.name, f"{made.details.prefix} '{made.details.name}', {wanted.role}, {expires}")
    return json_response(made, status=201)


@blueprint.route("api/tokens", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_tokens(req: func.HttpRequest) -> func.HttpResponse:
    """The caller's tokens: how they begin, never the whole."""
    return json_response(tokens.listed(services.storage(), caller().id))


@blueprint.route("api/tokens/{id}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def revoke_token(req: func.HttpRequest) -> func.HttpResponse:
    """Revokes a token of the caller."""
    revoked = tokens.revoke(services.storage(), caller().id, req.route_params["id"])
    note(req, "Token Revoked", caller().name, f"{revoked.prefix} '{revoked.name}'")
    return json_response(revoked)


def _with_session(req: func.HttpRequest, account: Account) -> func.HttpResponse:
    token = sessions.start(services.storage(), account)
    principal = Principal(kind="session", id=account.id, name=account.email, role=account.role)
    response = json_response(SignedIn(_person(principal, account)))
    response.headers["Set-Cookie"] = sessions.cookie(token, settings().access, secure=is_https(req))
    return response


def _person(principal: Principal, account: Account | None) -> Person:
    name = account.name if account else principal.name
    return Person(principal.id, principal.name, name, principal.role, principal.kind, permissions_of(principal.role))


def _ensure_first_admin(req: func.HttpRequest, access: AccessSettings) -> None:
    """Before anybody signs in or asks for an account: the address of the settings is not there to be claimed."""
    if first := registration.ensure_first_admin(services.storage(), access):
        note(req, "Account Registered", first.email, "the first admin, from the settings")
