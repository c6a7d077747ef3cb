"""A storage account of its own for each module, so that lists and counts hold only what the module wrote."""

from collections.abc import Iterator

import pytest

from devhost.azurite import Azurite
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with Azurite() as emulator:
        yield Storage(read_settings({"AzureWebJobsStorage": emulator.connection_string}).storage)


@pytest.fixture(scope="module")
def store(storage: Storage) -> TicketStore:
    return TicketStore(storage)
