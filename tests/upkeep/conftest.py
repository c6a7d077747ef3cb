"""A storage account of its own for each module."""

from collections.abc import Iterator

import pytest

from devhost.azurite import Azurite
from rca_core.foundation.settings import Settings, read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore


@pytest.fixture(scope="module")
def emulator() -> Iterator[Azurite]:
    with Azurite() as running:
        yield running


@pytest.fixture(scope="module")
def settings(emulator: Azurite) -> Settings:
    return read_settings({"AzureWebJobsStorage": emulator.connection_string})


@pytest.fixture(scope="module")
def storage(settings: Settings) -> Storage:
    return Storage(settings.storage)


@pytest.fixture(scope="module")
def store(storage: Storage) -> TicketStore:
    return TicketStore(storage)
