"""A storage account of its own for each module, a clock that stands still until it is moved, and quick hashes."""

from datetime import UTC, datetime, timedelta

import pytest

from rca_core.access import accounts, passwords
from rca_core.access.accounts import Account
from rca_core.access.principal import Role
from rca_core.foundation import clock
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.storage import Storage
from tests.tickets.conftest import storage, store

__all__ = ["storage", "store"]

GOOD = "-".join(("quiet", "harbour", "lantern", "71"))
OTHER = "-".join(("green", "anvil", "thursday's", "boat"))
HOME, OFFICE, ELSEWHERE = "203.0.113.5", "198.51.100.7", "192.0.2.99"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **time: float) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work that bcrypt can be told to do."""
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def settings() -> AccessSettings:
    return AccessSettings()


def make_account(
    storage: Storage, email: str, *, role: Role = "viewer", status: accounts.Status = "active", password: str = GOOD
) -> Account:
    account = accounts.new_account(email, "", passwords.hashed(password), role=role, status=status)
    assert accounts.create(storage, account)
    return account
