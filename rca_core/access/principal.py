"""Who makes a call: a signed-in person, a script with a token, or somebody whom the platform in front signed in."""

from typing import Literal

import msgspec

Role = Literal["viewer", "operator", "admin"]
Kind = Literal["session", "token", "entra"]

ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what audit entries show (the e-mail address), `id` names the account for good. `kind` tells how they
    proved it: what a browser shows by itself (`session`, `entra`) must also come from our own page (Origin), a `token`
    need not.
    """

    kind: Kind
    id: str
    name: str
    role: Role
