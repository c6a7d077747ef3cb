"""A Jira of its own for each test, and a worker between it and the module's storage."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from rca_core.foundation import clock
from rca_core.foundation.settings import Settings, read_settings
from rca_core.foundation.storage import Storage
from rca_core.integrations.jira import JiraClient
from rca_core.tickets.changes import change_status
from rca_core.tickets.jira_sync import keep_in_step
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import SyncMessage
from rca_core.tickets.ticket import Status, Ticket
from tests.jira.server import Jira
from tests.support.making import made, make_ticket
from tests.tickets.conftest import storage, store

__all__ = ["storage", "store"]


@dataclass
class Desk:
    """What happens on our side: tickets, people who move them, and the worker that is told to look."""

    storage: Storage
    store: TicketStore
    settings: Settings
    jira: JiraClient

    def ticket(self, **given: object) -> Ticket:
        ticket = make_ticket(clock.now(), **given)
        assert self.store.create(ticket, made(ticket))
        return ticket

    def look(self, ticket: Ticket, by: str = "", index_lag_seconds: float = 60) -> Ticket:
        """What the worker does with a message; returns the ticket as it is then."""
        message = SyncMessage(ticket.id, by=by)
        keep_in_step(self.storage, self.store, self.settings, self.jira, message, index_lag_seconds=index_lag_seconds)
        return self.store.get(ticket.id)

    def move(self, ticket: Ticket, status: Status | None, note: str = "", user: str = "ada@example.com") -> Ticket:
        return change_status(
            self.storage, self.store, self.settings, ticket.id, status, user=user, origin="api", note=note
        )

    def rewrite(self, ticket: Ticket, **fields: object) -> Ticket:
        """The ticket with other texts, as after a diagnosis."""
        return self.store.change(
            ticket.id,
            lambda current: (
                msgspec.structs.replace(current, **fields, version=current.version + 1),
                msgspec.structs.replace(made(current), action="Diagnosis Updated", id=f"{clock.now().timestamp()}"),
            ),
        )

    def actions(self, ticket: Ticket) -> list[str]:
        return [entry.action for entry in self.store.audit_of(ticket.id)]


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Jira]:
    with Jira(cloud=request.param == "cloud") as server:
        yield server


@pytest.fixture
def desk(storage: Storage, store: TicketStore, jira: Jira) -> Iterator[Desk]:
    settings = msgspec.structs.replace(
        read_settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}),
        jira=jira.settings,
        dashboard_url="https://rca.example.com",
    )
    with JiraClient(jira.settings, timeout=(0.5, 0.5)) as client:
        yield Desk(storage, store, settings, client)
