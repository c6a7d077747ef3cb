"""Settings of the doors: which pages may call, whom the platform in front signed in, how senders without a function
key prove themselves.
"""

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader

AZURE_MONITOR_APP = "461e8683-5575-4561-ac7f-899cc907d62a"
Platform = Literal["appservice", "staticwebapps"]
_PLATFORMS: tuple[Platform, ...] = ("appservice", "staticwebapps")
_LARGEST_LIMIT = 1_000_000


class PlatformSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """The platform in front that signs people in, and which of its roles or group ids are which of ours."""

    platform: Platform
    admin: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    viewer: tuple[str, ...] = ()


class EntraSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant whose tokens prove a sender, and the app registrations (audiences) that the tokens are made for.

    `role` and `caller` are what an Azure Monitor secure webhook shows; `databricks_client` is the app that Databricks
    signs in as, without which tokens from Databricks are refused.
    """

    tenant_id: str
    audiences: tuple[str, ...]
    authority_url: str = "https://login.microsoftonline.com"
    role: str = "ActionGroupsSecureWebhook"
    caller: str = AZURE_MONITOR_APP
    databricks_client: str | None = None


class BasicSettings(msgspec.Struct, frozen=True, kw_only=True):
    """User and passwords of HTTP Basic; several passwords while one is exchanged for another."""

    user: str
    passwords: tuple[str, ...]


class DoorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`sender_rate_limit` is the number of calls a minute that each sender has on each instance; 0 for no limit."""

    allowed_origins: tuple[str, ...] = ()
    sender_rate_limit: int = 6_000
    sign_in: PlatformSignIn | None = None
    entra: EntraSettings | None = None
    databricks_basic: BasicSettings | None = None


_USUAL = DoorSettings()
_USUAL_ENTRA = EntraSettings(tenant_id="", audiences=())

PAGES = Part(
    "Pages of other addresses",
    (
        Setting(
            "ALLOWED_ORIGINS",
            "other origins whose pages may call with a session, such as `https://dashboard.example.com`; whole origins,"
            " separated by blanks, no `*`. Leave the CORS settings of the platform empty: it would answer in the app's"
            " place",
            "only pages of the app's own address and of `DASHBOARD_URL` may",
        ),
    ),
)

PLATFORM = Part(
    "Sign-in by the platform",
    (
        Setting(
            "TRUST_PLATFORM_AUTH",
            "`appservice` or `staticwebapps`: the platform in front signs people in and strips forged principal"
            " headers. Set it only where that is so",
            "the header is ignored",
        ),
        *(
            Setting(
                f"ENTRA_ROLE_{role.upper()}",
                f"app roles or group ids, separated by blanks, that are `{role}` here",
                "nobody has it by the platform",
            )
            for role in ("admin", "operator", "viewer")
        ),
    ),
)

SENDERS = Part(
    "Senders",
    (
        Setting(
            "SENDER_RATE_LIMIT",
            f"calls a minute of each sender (function key or address, at each door) on each instance, at most"
            f" {_LARGEST_LIMIT:,}; `0` for no limit",
            default=str(_USUAL.sender_rate_limit),
        ),
        Setting(
            "ENTRA_TENANT_ID",
            "tenant whose tokens prove senders",
            "`/azure-monitor/secure` and OAuth of Databricks are shut",
        ),
        Setting(
            "SECURE_WEBHOOK_AUDIENCE",
            "app id(s) that tokens of senders are made for, separated by blanks",
            "`/azure-monitor/secure` and OAuth of Databricks are shut",
        ),
        Setting(
            "SECURE_WEBHOOK_ROLE",
            "app role that Azure Monitor's token must have",
            default=_USUAL_ENTRA.role,
        ),
        Setting(
            "SECURE_WEBHOOK_CALLER",
            "app id that Azure Monitor's token must have; the default is Azure Monitor's own",
            default=_USUAL_ENTRA.caller,
        ),
        Setting("ENTRA_AUTHORITY_URL", "where tokens come from", default=_USUAL_ENTRA.authority_url),
        Setting(
            "DATABRICKS_WEBHOOK_CLIENT_ID",
            "app that Databricks gets its token as; needs the tenant and the audience as well",
            "OAuth of Databricks is shut",
        ),
        Setting(
            "DATABRICKS_WEBHOOK_USER", "user that Databricks shows at `/databricks-monitor/basic`", "Basic is shut"
        ),
        Setting(
            "DATABRICKS_WEBHOOK_PASSWORD",
            "its password; the old and the new one separated by a blank while it is replaced",
            "Basic is shut",
            secret=True,
        ),
    ),
    about="Tenant and audience, user and password: both or neither. Recipes: [senders.md](senders.md).",
)


def read_doors(reader: Reader) -> DoorSettings:
    """The settings of the doors; what is wrong is noted with the reader."""
    return DoorSettings(
        allowed_origins=_origins(reader),
        sender_rate_limit=_limit(reader),
        sign_in=_sign_in(reader),
        entra=_entra(reader),
        databricks_basic=_basic(reader),
    )


def _origins(reader: Reader) -> tuple[str, ...]:
    origins = reader.words("ALLOWED_ORIGINS")
    for origin in origins:
        if not _is_origin(origin):
            reader.problems.append(
                "ALLOWED_ORIGINS holds what is no origin; one looks like https://dashboard.example.com, without a path"
                " and without '*'."
            )
    return tuple(origin.lower() for origin in origins)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or "*" in text:
        return False
    return text.lower() == f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


def _limit(reader: Reader) -> int:
    text = reader.text("SENDER_RATE_LIMIT")
    if text is None:
        return _USUAL.sender_rate_limit
    if text.isascii() and text.isdigit() and len(text) <= 7 and int(text) <= _LARGEST_LIMIT:
        return int(text)
    reader.problems.append(f"SENDER_RATE_LIMIT is a number of calls a minute, at most {_LARGEST_LIMIT:,}; 0 for none.")
    return 0


def _sign_in(reader: Reader) -> PlatformSignIn | None:
    text = reader.text("TRUST_PLATFORM_AUTH")
    if text is None:
        return None
    for platform in _PLATFORMS:
        if platform == text.lower():
            return PlatformSignIn(
                platform=platform,
                admin=reader.words("ENTRA_ROLE_ADMIN"),
                operator=reader.words("ENTRA_ROLE_OPERATOR"),
                viewer=reader.words("ENTRA_ROLE_VIEWER"),
            )
    reader.problems.append(f"TRUST_PLATFORM_AUTH is one of: {', '.join(_PLATFORMS)}.")
    return None


def _entra(reader: Reader) -> EntraSettings | None:
    names = ("ENTRA_TENANT_ID", "SECURE_WEBHOOK_AUDIENCE")
    read = EntraSettings(
        tenant_id=reader.text("ENTRA_TENANT_ID") or "",
        audiences=reader.words("SECURE_WEBHOOK_AUDIENCE"),
        authority_url=reader.url("ENTRA_AUTHORITY_URL") or _USUAL_ENTRA.authority_url,
        role=reader.text("SECURE_WEBHOOK_ROLE") or _USUAL_ENTRA.role,
        caller=reader.text("SECURE_WEBHOOK_CALLER") or _USUAL_ENTRA.caller,
        databricks_client=reader.text("DATABRICKS_WEBHOOK_CLIENT_ID"),
    )
    return read if reader.whole("The sign-in of senders with Entra", names, ("DATABRICKS_WEBHOOK_CLIENT_ID",)) else None


def _basic(reader: Reader) -> BasicSettings | None:
    names = ("DATABRICKS_WEBHOOK_USER", "DATABRICKS_WEBHOOK_PASSWORD")
    read = BasicSettings(user=reader.text(names[0]) or "", passwords=reader.words(names[1]))
    return read if reader.whole("The Basic sign-in of Databricks", names, ()) else None
