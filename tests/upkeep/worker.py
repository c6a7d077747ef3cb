"""What a process does that is to be killed: a module of its own, so that such a process has little to load."""

from datetime import datetime
from pathlib import Path

from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.upkeep import ticket_removal
from rca_core.upkeep.importing import import_from


def remove(settings: Settings, ticket_id: str, before: datetime) -> None:
    """Removes a ticket as a night's run does."""
    storage = Storage(settings.storage)
    ticket_removal.remove(storage, TicketStore(storage), ticket_id, before)


def import_file(settings: Settings, path: Path) -> None:
    """Imports an export, or goes on with it."""
    storage = Storage(settings.storage)
    import_from(storage, TicketStore(storage), path, lambda _: None, into_existing=True)
