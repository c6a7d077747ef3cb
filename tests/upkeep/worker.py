"""What a process does that is to be killed: a module of its own, so that such a process has little to load."""

from datetime import datetime

from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.upkeep import ticket_removal


def remove(settings: Settings, ticket_id: str, before: datetime) -> None:
    """Removes a ticket as a night's run does."""
    storage = Storage(settings.storage)
    ticket_removal.remove(storage, TicketStore(storage), ticket_id, before)
