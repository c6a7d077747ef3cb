"""The one place that decides whether a call may go on: who makes it, and whether the table of `roles` lets them.

A person proves who they are by a session's cookie, by a token, or by the platform in front; a call that a browser makes
on its own accord (cookies) changes something only if it comes from our own page.
"""

import hashlib
from contextvars import ContextVar

import azure.functions as func

from rca_core import services
from rca_core.access import entra, origins, sessions, tokens
from rca_core.access.principal import Principal
from rca_core.access.rate_limit import RateLimit
from rca_core.access.roles import CALLERS, LEAST_ROLE, Permission, may
from rca_core.access.senders import SecureSender, prove
from rca_core.access.throttle import network
from rca_core.foundation import clock, logs
from rca_core.foundation.errors import Forbidden, TooManyRequests, Unauthorized
from rca_core.foundation.settings import Settings, settings
from rca_core.tickets import audit

_READING = frozenset({"GET", "HEAD"})
_BEARER = "bearer "
_OUR_TOKENS = "rca_"
_SECURE_SENDERS: dict[str, SecureSender] = {
    "azure_monitor_secure": "azure-monitor",
    "databricks_monitor_basic": "databricks",
}

_caller: ContextVar[Principal | None] = ContextVar("caller", default=None)
_senders = RateLimit()
_refusals = RateLimit()


def caller() -> Principal:
    """Who makes the call that this function answers; only for functions that `roles` gives to people."""
    principal = _caller.get()
    if principal is None:
        raise LookupError("this function may be called by anyone: the table of roles names no permission for it")
    return principal


def admit(req: func.HttpRequest, function: str) -> None:
    """Lets the call of an HTTP function pass, or raises Unauthorized, Forbidden or TooManyRequests that says why."""
    _caller.set(None)
    who = CALLERS[function]
    if who == "anyone":
        _refuse_foreign_page(req)
    elif who == "sender":
        _limit(req, function, _shown_key(req) or client_address(req), proved=True)
    elif who == "secure_sender":
        _limit(req, function, network(client_address(req)), proved=False)
        prove(_SECURE_SENDERS[function], req.headers, settings().doors)
    elif who == "signature":
        _limit(req, function, network(client_address(req)), proved=False)
    else:
        _admit_person(req, function, who)


def note(
    req: func.HttpRequest,
    action: str,
    user: str,
    details: str = "",
    *,
    old: str | None = None,
    new: str | None = None,
) -> None:
    """Adds an entry that belongs to no ticket to the audit trail; its origin is the address that the call came from."""
    origin = client_address(req) or "unknown"
    entry = audit.entry("", action, user=user, origin=origin, at=clock.now(), details=details, old=old, new=new)
    services.ticket_store().note(entry)


def is_https(req: func.HttpRequest) -> bool:
    """Whether the caller's connection is encrypted; the platform ends it before the app and says so."""
    forwarded = _header(req, "x-forwarded-proto").partition(",")[0].strip().lower()
    return forwarded == "https" or str(req.url).lower().startswith("https:")


def session_token(req: func.HttpRequest) -> str:
    """The token in the session's cookie, `""` without one."""
    name = sessions.cookie_name(is_https(req))
    for pair in _header(req, "cookie").split(";"):
        given, _, value = pair.strip().partition("=")
        if given == name:
            return value
    return ""


def client_address(req: func.HttpRequest) -> str:
    """The address that the call came from, as the platform saw it.

    Whoever is in front adds the address it sees at the end of X-Forwarded-For; what stands before that, the caller may
    have made up.
    """
    seen = [each.strip() for each in _header(req, "x-forwarded-for").split(",")]
    ours = settings().access.proxies_in_front
    address = seen[-1 - ours] if len(seen) > ours else seen[0]
    host, colon, port = address.rpartition(":")
    # `1.2.3.4:5678` and `[::1]:5678`, but not the bare IPv6 address `::1`.
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        address = host
    return address.strip("[]")[:60]


def allowed_origins(req: func.HttpRequest, known: Settings) -> frozenset[str]:
    """The pages that may call with a cookie: our own, and those of the settings."""
    return origins.own_origins(req.url, known.dashboard_url) | frozenset(known.doors.allowed_origins)


def _admit_person(req: func.HttpRequest, function: str, permission: Permission) -> None:
    known = settings()
    principal = _identify(req, known)
    changes = (req.method or "").upper() not in _READING
    if principal.kind == "token" and changes:
        _refuse(req, function, principal, "A token may only read; sign in to change something.")
    if principal.kind != "token" and changes and not origins.comes_from(req.headers, allowed_origins(req, known)):
        _refuse(
            req,
            function,
            principal,
            "The call does not come from our own page: header Origin must be where people reach the app"
            " (DASHBOARD_URL), or one of ALLOWED_ORIGINS.",
        )
    if not may(principal.role, permission):
        _refuse(req, function, principal, f"This needs the role {LEAST_ROLE[permission]}; yours is {principal.role}.")
    _caller.set(principal)


def _identify(req: func.HttpRequest, known: Settings) -> Principal:
    authorization = _header(req, "authorization")
    shown = authorization[len(_BEARER) :].strip() if authorization.lower().startswith(_BEARER) else ""
    # Other tokens are none of ours: a platform in front puts its own in the same header.
    if shown.startswith(_OUR_TOKENS):
        principal = tokens.find(services.storage(), shown)
        if principal is None:
            raise Unauthorized("The token is not valid: it expired, was revoked, or its account may not come in.")
        return principal
    if token := session_token(req):
        principal = sessions.find(services.storage(), token, known.access)
        if principal is not None:
            return principal
    header = _header(req, entra.HEADER)
    if header and known.doors.sign_in is not None:
        return entra.read_principal(header, known.doors.sign_in)
    if token:
        raise Unauthorized("Your session is over. Sign in again.")
    raise Unauthorized("Sign in (POST /api/login), or show a token: header 'Authorization: Bearer rca_...'.")


def _refuse(req: func.HttpRequest, function: str, principal: Principal, reason: str) -> None:
    """Refuses somebody whom we know, and notes it once a minute: what is refused again and again fills no trail."""
    if _refusals.take(f"{principal.id} {function}", 1).allowed:
        logs.warning("access-refused", user=principal.id, function=function)
        note(req, "Access Refused", principal.name, f"{req.method} {function}: {reason}")
    raise Forbidden(reason)


def _refuse_foreign_page(req: func.HttpRequest) -> None:
    """Another site's page must not sign somebody in or up, into an account that is not theirs."""
    changes = (req.method or "").upper() not in _READING | {"OPTIONS"}
    if changes and origins.is_foreign(req.headers, allowed_origins(req, settings())):
        raise Forbidden("The call comes from a page of another site.")


def _limit(req: func.HttpRequest, function: str, sender: str, *, proved: bool) -> None:
    """Counts the call. That a sender is over its limit is noted once a minute; in the trail only if it is `proved` to
    be one, for strangers must not be able to fill that.
    """
    limit = settings().doors.sender_rate_limit
    verdict = _senders.take(f"{function} {sender}", limit)
    if verdict.allowed:
        return
    reason = f"More than {limit:,} calls a minute (SENDER_RATE_LIMIT)"
    if verdict.first:
        logs.warning("sender-limited", function=function, address=client_address(req))
        if proved:
            note(req, "Sender Limited", function, f"{reason}; the rest is answered 429.")
    raise TooManyRequests(f"{reason}. Send the same again later.", retry_after_seconds=verdict.retry_after_seconds)


def _shown_key(req: func.HttpRequest) -> str:
    """What tells one function key from another, and is none."""
    key = req.headers.get("x-functions-key") or req.params.get("code") or ""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16] if key else ""


def _header(req: func.HttpRequest, name: str) -> str:
    value: str = req.headers.get(name, "")
    return value
