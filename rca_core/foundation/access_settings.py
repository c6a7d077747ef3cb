"""Settings of accounts and sessions: who may have an account, and how long a session lasts."""

from typing import Literal, get_args

import msgspec

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader

Registration = Literal["open", "invitation", "closed"]


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may have an account, and how long a session lasts: so many minutes unused, and so many hours in all.

    `proxies_in_front` is the number of our own proxies (Front Door, a linked Static Web App) between people and the
    platform: each adds one address to X-Forwarded-For behind that of the person.
    """

    registration: Registration = "open"
    needs_approval: bool = True
    session_idle_minutes: int = 60
    session_max_hours: int = 12
    bootstrap_email: str | None = None
    bootstrap_password: str | None = None
    proxies_in_front: int = 0


_USUAL = AccessSettings()

ACCESS = Part(
    "Accounts and sessions",
    (
        Setting(
            "BOOTSTRAP_ADMIN_EMAIL",
            "the first admin, made at a sign-in or registration while there is no active admin; an account of this"
            " address is taken over. `make run` sets it, unless its environment does",
            "nobody can let others in",
        ),
        Setting("BOOTSTRAP_ADMIN_PASSWORD", "the first admin's password", "nobody can let others in", secret=True),
        Setting(
            "REGISTRATION",
            "who may ask for an account: `open` anybody, `invitation` whoever was invited, `closed` nobody (an"
            " invitation does not help then either)",
            default=_USUAL.registration,
        ),
        Setting(
            "REGISTRATION_NEEDS_APPROVAL",
            "`true`: who registers without an invitation waits for an admin; `false`: is a viewer at once",
            default=str(_USUAL.needs_approval).lower(),
        ),
        Setting(
            "SESSION_IDLE_MINUTES",
            "after so many minutes unused a session is over, 1 to 10,080",
            default=str(_USUAL.session_idle_minutes),
        ),
        Setting(
            "SESSION_MAX_HOURS",
            "after so many hours it is over in any case, 1 to 720",
            default=str(_USUAL.session_max_hours),
        ),
        Setting(
            "PROXIES_IN_FRONT",
            "how many proxies of your own (Front Door, a linked Static Web App) stand between people and the platform,"
            " 0 to 5; each adds an address to `X-Forwarded-For`. Too low and all people count as one address, too"
            " high, or where the app can be reached past the proxies, and they may make theirs up: let only the"
            " proxies in (access restrictions)",
            default=str(_USUAL.proxies_in_front),
        ),
    ),
    about="E-mail address and password of the first admin: both or neither. What to do with accounts:"
    " [below](#accounts).",
)


def read_access(reader: Reader) -> AccessSettings:
    """The settings of accounts and sessions; what is wrong is noted with the reader."""
    reader.needs("BOOTSTRAP_ADMIN_EMAIL", "BOOTSTRAP_ADMIN_PASSWORD")
    reader.needs("BOOTSTRAP_ADMIN_PASSWORD", "BOOTSTRAP_ADMIN_EMAIL")
    return AccessSettings(
        registration=_registration(reader),
        needs_approval=_yes(reader, "REGISTRATION_NEEDS_APPROVAL", _USUAL.needs_approval),
        session_idle_minutes=_number(reader, "SESSION_IDLE_MINUTES", _USUAL.session_idle_minutes, 1, 10_080),
        session_max_hours=_number(reader, "SESSION_MAX_HOURS", _USUAL.session_max_hours, 1, 720),
        bootstrap_email=reader.text("BOOTSTRAP_ADMIN_EMAIL"),
        bootstrap_password=reader.text("BOOTSTRAP_ADMIN_PASSWORD"),
        proxies_in_front=_number(reader, "PROXIES_IN_FRONT", _USUAL.proxies_in_front, 0, 5),
    )


def _registration(reader: Reader) -> Registration:
    text = (reader.text("REGISTRATION") or _USUAL.registration).lower()
    choices: tuple[Registration, ...] = get_args(Registration)
    for choice in choices:
        if choice == text:
            return choice
    reader.problems.append(f"REGISTRATION is one of: {', '.join(choices)}.")
    return "closed"


def _yes(reader: Reader, name: str, usual: bool) -> bool:
    text = (reader.text(name) or str(usual)).lower()
    if text not in ("true", "false"):
        reader.problems.append(f"{name} is true or false.")
    return text == "true"


def _number(reader: Reader, name: str, usual: int, least: int, most: int) -> int:
    text = reader.text(name)
    if text is None:
        return usual
    if text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most:
        return int(text)
    reader.problems.append(f"{name} is a whole number from {least} to {most:,}.")
    return usual
