"""Somebody whom the platform in front signed in."""

import json
from base64 import b64encode
from typing import Any

import pytest

from rca_core.access.entra import read_principal
from rca_core.foundation.door_settings import PlatformSignIn
from rca_core.foundation.errors import Forbidden, SettingsError, Unauthorized
from rca_core.foundation.settings import read_settings

GROUP = "0d7c1f6e-58a4-4a1f-9c43-5a2b7d9e1001"
SERVICE = PlatformSignIn(platform="appservice", admin=("RCA.Admin",), operator=(GROUP,), viewer=("RCA.Viewer",))
STATIC = PlatformSignIn(platform="staticwebapps", admin=("rca-admin",), viewer=("reader",))


def header(document: Any) -> str:
    return b64encode(json.dumps(document).encode()).decode()


def app_service(*claims: tuple[str, str]) -> str:
    named = [
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", "f2d9"),
        ("preferred_username", "ann@example.com"),
        ("name", "Ann"),
    ]
    return header(
        {
            "auth_typ": "aad",
            "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
            "claims": [{"typ": kind, "val": value} for kind, value in (*named, *claims)],
        }
    )


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ([("roles", "RCA.Viewer")], "viewer"),
        ([("groups", GROUP)], "operator"),
        ([("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "RCA.Admin")], "admin"),
        ([("roles", "RCA.Viewer"), ("groups", "another"), ("roles", "RCA.Admin")], "admin"),
    ],
)
def test_app_roles_and_groups_become_the_highest_role_that_is_mapped(claims: list[tuple[str, str]], role: str) -> None:
    principal = read_principal(app_service(*claims), SERVICE)
    assert (principal.kind, principal.id, principal.name, principal.role) == (
        "entra",
        "entra:f2d9",
        "ann@example.com",
        role,
    )


def test_static_web_apps_tells_roles_in_its_own_way() -> None:
    document = {"identityProvider": "aad", "userId": "77", "userDetails": "bo@example.com"}
    roles = ["anonymous", "authenticated", "reader"]
    principal = read_principal(header({**document, "userRoles": roles}), STATIC)
    assert (principal.id, principal.name, principal.role) == ("entra:77", "bo@example.com", "viewer")


@pytest.mark.parametrize("claims", [[], [("roles", "rca.admin")], [("name", "RCA.Admin")], [("groups", GROUP + "0")]])
def test_whoever_has_no_mapped_role_is_told_so(claims: list[tuple[str, str]]) -> None:
    with pytest.raises(Forbidden, match="ENTRA_ROLE_VIEWER"):
        read_principal(app_service(*claims), SERVICE)


def test_being_signed_in_is_no_role_even_if_somebody_maps_it() -> None:
    mapped = PlatformSignIn(platform="staticwebapps", viewer=("authenticated",))
    with pytest.raises(Forbidden):
        read_principal(header({"userId": "1", "userRoles": ["authenticated"]}), mapped)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no base64 ü",
        b64encode(b"{").decode(),
        header([1]),
        header({}),
        header({"claims": "x"}),
        header({"claims": [None, 3, {"typ": 1, "val": 2}]}),
        header({"claims": [{"typ": "oid", "val": ""}]}),
        b64encode(b"[" * 20_000).decode(),
        "A" * 70_000,
    ],
)
def test_a_header_that_names_nobody_is_refused(broken: str) -> None:
    with pytest.raises(Unauthorized):
        read_principal(broken, SERVICE)


def test_the_setting_names_a_platform_that_strips_forged_headers() -> None:
    with pytest.raises(SettingsError, match="TRUST_PLATFORM_AUTH is one of: appservice, staticwebapps"):
        read_settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true", "TRUST_PLATFORM_AUTH": "true"})
