"""Workers killed with SIGKILL between any two steps: one Jira issue and one Slack message a ticket all the same."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.foundation.settings import Settings, SlackSettings, read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters, sync
from rca_core.tickets.changes import change_status
from rca_core.tickets.jira_issue import label
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from tests.jira.server import Jira
from tests.slack.server import BOT_TOKEN, CHANNEL, SlackServer, serving
from tests.support.making import made, make_ticket
from tests.support.mortal import live

FEWEST_STEPS = 50


class Workshop:
    """Storage, a Jira and a Slack, and tickets that people have moved already."""

    def __init__(self, connection_string: str, jira: Jira, slack: SlackServer) -> None:
        self.jira, self.slack = jira, slack
        known = read_settings({"AzureWebJobsStorage": connection_string})
        self.unconnected = known
        self.settings = Settings(
            storage=known.storage,
            dashboard_url="",
            jira=jira.settings,
            slack=SlackSettings(BOT_TOKEN, CHANNEL, api_base_url=slack.api_base_url),
        )
        self.storage = Storage(known.storage)
        self.store = TicketStore(self.storage)

    def ticket(self) -> Ticket:
        """A ticket that somebody acknowledged with a note, of which neither Jira nor Slack has heard."""
        ticket = make_ticket(clock.now())
        assert self.store.create(ticket, made(ticket))
        return change_status(
            self.storage,
            self.store,
            self.unconnected,
            ticket.id,
            "acknowledged",
            user="ada",
            origin="api",
            note="The port was shut.",
        )

    def let_leases_end(self, ticket: Ticket) -> None:
        """As if the time of the dead worker's leases were over."""
        for system in ("jira", "slack"):
            row = {"PartitionKey": ticket.id, "RowKey": system, "leased_until": ""}
            try:
                self.storage.table(sync.TABLE).update_entity(row, mode=UpdateMode.MERGE)
            except ResourceNotFoundError:  # it died before it came to this one
                continue

    def assert_one_of_each(self, ticket: Ticket) -> None:
        after = self.store.get(ticket.id)
        [issue] = [each for each in self.jira.issues.values() if label(ticket.id) in each["fields"]["labels"]]
        assert (after.itsm_ticket_id, self.jira.status_of(issue)) == (issue["key"], "Fertig")
        assert len(issue["comments"]) == 1
        [card] = [one for one in self.slack.cards() if one.metadata["event_payload"]["ticket_id"] == ticket.id]
        assert (after.slack_ts, "Acknowledged by ada" in card.shown) == (card.ts, True)
        assert len(self.slack.replies(card)) == 1
        actions = Counter(entry.action for entry in self.store.audit_of(ticket.id))
        assert (actions["Jira Issue Created"], actions["Slack Message Posted"]) == (1, 1)
        assert dead_letters.of_ticket(self.storage, ticket.id) == []


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with Azurite() as emulator, Jira() as jira, serving() as slack:
        yield Workshop(emulator.connection_string, jira, slack)


@pytest.mark.slow
def test_a_death_at_each_step_leaves_one_issue_and_one_message_a_ticket(workshop: Workshop) -> None:
    live(workshop.settings, workshop.ticket().id)  # makes the tables
    whole = workshop.ticket()
    killed, steps = live(workshop.settings, whole.id)
    assert not killed and steps > FEWEST_STEPS
    workshop.assert_one_of_each(whole)

    chance, tickets, deaths = random.Random(50), [], 0
    for step in range(1, steps + 1):
        ticket = workshop.ticket()
        points = [
            step,
            *chance.choices(range(1, step + 1), k=step % 2),
        ]  # who comes after a dead worker may die as well
        for point in points:
            deaths += live(workshop.settings, ticket.id, dies_at=point)[0]
            workshop.let_leases_end(ticket)
        tickets.append(ticket)
    assert deaths >= steps
    for ticket in tickets:
        assert live(workshop.settings, ticket.id)[0] is False
        workshop.assert_one_of_each(ticket)
    assert len(workshop.jira.issues) == len(workshop.slack.cards()) == len(tickets) + 2
