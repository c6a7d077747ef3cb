"""How senders that cannot show a function key prove themselves: Azure Monitor's secure webhook by an Entra token,
Databricks by user and password or by an Entra token.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from rca_core.access.signatures import check_basic
from rca_core.foundation.door_settings import DoorSettings, EntraSettings
from rca_core.foundation.errors import Unauthorized

if TYPE_CHECKING:
    from rca_core.access.secure_webhook import Keys

SecureSender = Literal["azure-monitor", "databricks"]


def prove(sender: SecureSender, headers: Mapping[str, str], doors: DoorSettings) -> None:
    """Raises Unauthorized, which says why, unless the header Authorization proves the sender."""
    authorization = headers.get("authorization", "")
    if sender == "azure-monitor":
        _azure_monitor(authorization, doors)
    else:
        _databricks(authorization, doors)


def _azure_monitor(authorization: str, doors: DoorSettings) -> None:
    if doors.entra is None:
        raise Unauthorized("The secure webhook is off: ENTRA_TENANT_ID and SECURE_WEBHOOK_AUDIENCE are not set.")
    _check_token(authorization, doors.entra, doors.entra.caller, doors.entra.role)


def _databricks(authorization: str, doors: DoorSettings) -> None:
    entra, basic = doors.entra, doors.databricks_basic
    if authorization.lower().startswith("bearer "):
        if entra is None or entra.databricks_client is None:
            raise Unauthorized(
                "OAuth for Databricks is off: ENTRA_TENANT_ID, SECURE_WEBHOOK_AUDIENCE and DATABRICKS_WEBHOOK_CLIENT_ID"
                " are not all set."
            )
        _check_token(authorization, entra, entra.databricks_client)
        return
    if basic is None:
        raise Unauthorized("Basic is off: DATABRICKS_WEBHOOK_USER and DATABRICKS_WEBHOOK_PASSWORD are not set.")
    check_basic(authorization, basic.user, basic.passwords)


def _check_token(authorization: str, entra: EntraSettings, caller: str, role: str = "") -> None:
    from rca_core.access.secure_webhook import Expected, check_token

    check_token(authorization, entra, _keys(entra), Expected(caller, role))


@cache
def _keys(entra: EntraSettings) -> "Keys":
    from rca_core.access.secure_webhook import Keys

    return Keys(entra)
