"""People move ticket and issue at once, messages come late, twice and out of order: both sides settle, without echo."""

import json
import random
from collections.abc import Iterator

import pytest

from rca_core.foundation.errors import OutsideTrouble
from rca_core.foundation.queues import Queue, receive
from rca_core.integrations.jira_shapes import Category, IssueStatus
from rca_core.tickets.jira_events import hear
from rca_core.tickets.jira_statuses import meaning
from rca_core.tickets.sync import Busy, SyncMessage
from rca_core.tickets.ticket import STATUSES, Ticket
from tests.jira.conftest import Desk
from tests.jira.server import STATUSES as NAMES
from tests.jira.server import Delivery, Fault, Jira
from tests.support.sizes import sized

CHANGES = 25


class World:
    """Both sides and what travels between them; the order of everything is drawn by lot."""

    def __init__(self, desk: Desk, jira: Jira, seed: int) -> None:
        self.desk = desk
        self.jira = jira
        self.lot = random.Random(seed)
        self.tickets = [desk.ticket() for _ in range(3)]
        self.messages: list[SyncMessage] = []
        self.travelling: list[Delivery] = []
        self._told = 0
        self._versions: dict[str, int] = {}
        self.announce()

    def announce(self) -> None:
        """Every new version of a ticket is announced, whoever made it; Jira tells of every change."""
        for ticket in self.tickets:
            now = self.desk.store.get(ticket.id)
            if self._versions.get(ticket.id) != now.version:
                self._versions[ticket.id] = now.version
                self.messages.append(SyncMessage(ticket.id))
        self.travelling += self.jira.deliveries[self._told :]
        self._told = len(self.jira.deliveries)
        queue = self.desk.storage.queue(Queue.JIRA_UPDATES)
        for message in queue.receive_messages(messages_per_page=32):
            self.messages.append(receive(message.content.encode(), SyncMessage))
            queue.delete_message(message)

    def somebody_moves_a_ticket(self) -> None:
        self.desk.move(self.lot.choice(self.tickets), self.lot.choice(STATUSES), note=self.lot.choice(["", "why"]))

    def somebody_moves_an_issue(self) -> None:
        if self.jira.issues:
            self.jira.person_moves(self.lot.choice(list(self.jira.issues.values())), self.lot.choice(list(NAMES)))

    def a_delivery_arrives(self) -> None:
        """Any of those under way, and one in three comes again later."""
        if self.travelling:
            delivery = self.travelling.pop(self.lot.randrange(len(self.travelling)))
            if self.lot.random() < 0.3:
                self.travelling.append(delivery)
            hear(self.desk.storage, json.loads(delivery.body), delivery.headers["x-atlassian-webhook-identifier"])

    def a_worker_looks(self) -> None:
        """At any of the messages; one in three comes again, and one that fails comes again for sure."""
        if self.messages:
            message = self.messages.pop(self.lot.randrange(len(self.messages)))
            again = self.lot.random() < 0.3
            try:
                self.desk.look(self.desk.store.get(message.ticket_id), by=message.by, index_lag_seconds=0)
            except (OutsideTrouble, Busy):
                again = True
            if again:
                self.messages.append(message)

    def settle(self) -> None:
        while self.messages or self.travelling:
            self.lot.choice([self.a_delivery_arrives, self.a_worker_looks, self.a_worker_looks])()
            self.announce()

    def pairs(self) -> Iterator[tuple[Ticket, str | None]]:
        by_key = {issue["key"]: issue for issue in self.jira.issues.values()}
        for ticket in (self.desk.store.get(each.id) for each in self.tickets):
            name = by_key[str(ticket.itsm_ticket_id)]["status"]
            yield ticket, meaning(IssueStatus(name, Category(NAMES[name])), {})


@pytest.mark.parametrize("seed", range(sized(5, 2)))
def test_both_sides_settle_and_nothing_echoes(desk: Desk, jira: Jira, seed: int) -> None:
    world = World(desk, jira, seed)
    for _ in range(CHANGES):
        world.lot.choice([world.somebody_moves_a_ticket, world.somebody_moves_an_issue])()
        world.announce()
        for _ in range(world.lot.randrange(6)):
            if world.lot.random() < 0.1:
                done = world.lot.random() < 0.5
                jira.fail("POST", world.lot.choice(["/issue", "/transitions", "/comment"]), Fault(503, done=done))
            world.lot.choice([world.a_delivery_arrives, world.a_worker_looks])()
            world.announce()
    jira.mend()
    world.settle()

    assert len(jira.issues) == len(world.tickets)
    for ticket, status in world.pairs():
        assert ticket.status == status
    writes, versions = len(jira.writes), [ticket.version for ticket, _ in world.pairs()]
    # Everything that ever travelled comes once more, in another order.
    world.travelling = world.lot.sample(jira.deliveries, len(jira.deliveries))
    world.messages = [SyncMessage(ticket.id, by="Somebody") for ticket in world.tickets * 3]
    world.settle()
    assert len(jira.writes) == writes
    assert [ticket.version for ticket, _ in world.pairs()] == versions


@pytest.mark.parametrize("seed", range(2))
def test_the_last_move_of_a_person_stands_when_it_comes_after_the_others_have_settled(
    desk: Desk, jira: Jira, seed: int
) -> None:
    world = World(desk, jira, seed)
    world.settle()
    for status, name in (("in_progress", "Fertig"), ("acknowledged", "Zu erledigen"), ("open", "In Arbeit")):
        for ticket in world.tickets:
            desk.move(ticket, status)  # type: ignore[arg-type]
        world.announce()
        world.settle()
        assert {ticket.status for ticket, _ in world.pairs()} == {status}
        assert all(theirs == ticket.status for ticket, theirs in world.pairs())
        for issue in jira.issues.values():
            jira.person_moves(issue, name)
        world.announce()
        world.settle()
        wanted = meaning(IssueStatus(name, Category(NAMES[name])), {})
        assert {ticket.status for ticket, _ in world.pairs()} == {wanted}
        assert {issue["status"] for issue in jira.issues.values()} == {name}


def test_one_move_is_one_write_on_the_other_side(desk: Desk, jira: Jira) -> None:
    world = World(desk, jira, seed=1)
    world.settle()
    (ticket, *_) = world.tickets
    writes, version = len(jira.writes), desk.store.get(ticket.id).version
    desk.move(ticket, "acknowledged")
    world.announce()
    world.settle()
    assert len(jira.writes) == writes + 1
    issue = next(each for each in jira.issues.values() if each["key"] == desk.store.get(ticket.id).itsm_ticket_id)
    jira.person_moves(issue, "In Arbeit")
    world.announce()
    world.settle()
    assert len(jira.writes) == writes + 1
    after = desk.store.get(ticket.id)
    assert (after.status, after.version) == ("in_progress", version + 2)
