"""How a setting is declared: once, beside what reads it. The reference for operators is made of the declarations."""

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """One setting, and what docs/configuration.md says of it.

    `without` tells what holds while it is not set; where that is a value, `default` is the value. `secret` belongs in
    Key Vault and in no log. `example` is what local.settings.json.example has, if not the default; None: nothing.
    """

    name: str
    meaning: str
    without: str = ""
    default: str = ""
    secret: bool = False
    example: str | None = ""


class Part(msgspec.Struct, frozen=True):
    """The settings of one part of the app. `about` is what holds for several of them."""

    title: str
    settings: tuple[Setting, ...]
    about: str = ""
