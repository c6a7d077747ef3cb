"""Somebody whom the platform in front signed in with Microsoft Entra ("Work with user identities in Azure App Service
authentication"; "Accessing user information in Azure Static Web Apps").

The header can be believed only where the platform strips forged ones; who says so is the setting TRUST_PLATFORM_AUTH.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import msgspec

from rca_core.access.principal import Principal, Role
from rca_core.foundation.door_settings import PlatformSignIn
from rca_core.foundation.errors import Forbidden, Unauthorized

HEADER = "x-ms-client-principal"

_LONGEST_HEADER = 64 * 1024
_LONGEST_NAME = 200
_ROLE_CLAIMS = frozenset({"roles", "role", "groups", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
_ID_CLAIMS = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "sub")
_NAME_CLAIMS = (
    "preferred_username",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "upn",
    "name",
)


def read_principal(header: str, trusted: PlatformSignIn) -> Principal:
    """Who the header says it is, with the highest of our roles that one of theirs is mapped to.

    Raises Unauthorized if nobody is named, Forbidden if none of their roles is mapped.
    """
    document = _decoded(header)
    static = trusted.platform == "staticwebapps"
    person, name, theirs = _static_web_apps(document) if static else _app_service(document)
    if not person:
        raise Unauthorized("The principal header names nobody.")
    role = _role(theirs, trusted)
    if role is None:
        raise Forbidden(
            "You are signed in, but none of your roles or groups has rights here; an admin sets which do"
            " (ENTRA_ROLE_VIEWER, ENTRA_ROLE_OPERATOR, ENTRA_ROLE_ADMIN)."
        )
    return Principal(
        kind="entra", id=f"entra:{person}"[:_LONGEST_NAME], name=(name or person)[:_LONGEST_NAME], role=role
    )


def _decoded(header: str) -> dict[str, Any]:
    if len(header) > _LONGEST_HEADER:
        raise Unauthorized("The principal header is too long.")
    try:
        return msgspec.json.decode(b64decode(header, validate=True), type=dict[str, Any])
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Unauthorized("The principal header cannot be read.") from error


def _app_service(document: dict[str, Any]) -> tuple[str, str, set[str]]:
    claims = list(_claims(document))
    first: dict[str, str] = {}
    for kind, value in claims:
        first.setdefault(kind, value)
    kinds = _ROLE_CLAIMS | {str(document.get("role_typ", ""))}
    theirs = {value for kind, value in claims if kind in kinds}
    return _any_of(first, _ID_CLAIMS), _any_of(first, _NAME_CLAIMS), theirs


def _static_web_apps(document: dict[str, Any]) -> tuple[str, str, set[str]]:
    roles = document.get("userRoles")
    theirs = {role for role in roles if isinstance(role, str)} if isinstance(roles, list) else set()
    # Everybody has these two, the second whoever signed in: neither says that somebody has rights here.
    theirs -= {"anonymous", "authenticated"}
    theirs |= {value for kind, value in _claims(document) if kind in _ROLE_CLAIMS}
    return _text(document.get("userId")), _text(document.get("userDetails")), theirs


def _claims(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    claims = document.get("claims")
    for claim in claims if isinstance(claims, list) else ():
        if isinstance(claim, dict) and isinstance(claim.get("typ"), str) and isinstance(claim.get("val"), str):
            yield claim["typ"], claim["val"]


def _role(theirs: set[str], trusted: PlatformSignIn) -> Role | None:
    if theirs.intersection(trusted.admin):
        return "admin"
    if theirs.intersection(trusted.operator):
        return "operator"
    return "viewer" if theirs.intersection(trusted.viewer) else None


def _any_of(claims: dict[str, str], names: tuple[str, ...]) -> str:
    return next((claims[name] for name in names if claims.get(name)), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
