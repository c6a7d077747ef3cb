"""People for tests that call a function of the app in their own process."""

from rca_core.access import accounts, sessions
from rca_core.access.principal import Role
from rca_core.foundation.storage import Storage

ORIGIN = "http://localhost"


def signed_in(storage: Storage, role: Role, origin: str = ORIGIN) -> dict[str, str]:
    """The headers by which somebody of this role calls from our own page at `origin`."""
    # Nobody signs in with it: no hash is of this form.
    account = accounts.new_account(f"{role}@example.com", "", "no hash", role=role, status="active")
    accounts.create(storage, account)
    token = sessions.start(storage, accounts.get(storage, account.id))
    return {"cookie": f"{sessions.cookie_name(secure=False)}={token}", "origin": origin}
