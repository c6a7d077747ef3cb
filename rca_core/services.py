"""The objects that one process shares: made on first use, kept for its life."""

from functools import cache

from rca_core.foundation.settings import settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore


@cache
def storage() -> Storage:
    """The storage account of the settings; raises SettingsError if they are wrong."""
    return Storage(settings().storage)


@cache
def ticket_store() -> TicketStore:
    """The tickets in that account."""
    return TicketStore(storage())
