"""A desk: tickets on real storage, a Slack of our own, a clock that only moves when told, and a queue that obeys it."""

import heapq
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from rca_core.foundation import clock
from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble
from rca_core.foundation.settings import Settings, SlackSettings, StorageSettings
from rca_core.foundation.storage import Storage
from rca_core.integrations.slack import Slack
from rca_core.tickets import changes, slack_sync
from rca_core.tickets.slack_sync import keep_in_step
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import Busy, SyncMessage
from rca_core.tickets.ticket import Status, Ticket
from tests.slack.server import BOT_TOKEN, SIGNING_SECRET, Posted, SlackServer, serving
from tests.support.making import made, make_ticket
from tests.tickets.conftest import storage, store

__all__ = ["storage", "store"]

REDELIVERY_SECONDS = 30


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Died(Exception):
    """Stands for the process's death."""


class Desk:
    """Delivers messages when they are due, as the queue and the outbox do: trouble is tried again after its delay,
    a refusal goes to the dead letters, and what a dead process held comes again.
    """

    def __init__(self, storage: Storage, store: TicketStore, server: SlackServer, clock: Clock, channel: str) -> None:
        self.storage, self.store, self.server, self.clock = storage, store, server, clock
        self.settings = make_settings(server.api_base_url, channel)
        assert self.settings.slack
        self.slack = Slack(self.settings.slack)
        self.dead: list[tuple[SyncMessage, OutsideRefusal]] = []
        self._queue: list[tuple[datetime, int, SyncMessage]] = []
        self._numbers = itertools.count()

    def send(self, _storage: Storage, _queue: str, message: msgspec.Struct, *, delay_seconds: int = 0) -> None:
        assert isinstance(message, SyncMessage)
        due = self.clock.now() + timedelta(seconds=delay_seconds)
        heapq.heappush(self._queue, (due, next(self._numbers), message))

    def ticket(self, **given: Any) -> Ticket:
        """A new ticket of which Slack has not heard."""
        ticket = make_ticket(self.clock.now(), **given)
        assert self.store.create(ticket, made(ticket))
        return ticket

    def announce(self, ticket: Ticket) -> None:
        self.send(self.storage, "slack-updates", SyncMessage(ticket.id))

    def move(self, ticket: Ticket, status: Status, user: str = "ada") -> Ticket:
        """Somebody moves the ticket; Slack hears of it."""
        moved = changes.change_status(
            self.storage, self.store, make_settings(None), ticket.id, status, user=user, origin="api"
        )
        self.announce(moved)
        return moved

    def change(self, ticket: Ticket, **given: Any) -> Ticket:
        """Something about the ticket changes; Slack hears of it."""
        changed = self.store.change(
            ticket.id,
            lambda current: (msgspec.structs.replace(current, version=current.version + 1, **given), made(ticket)),
        )
        self.announce(changed)
        return changed

    def keep(self, ticket: Ticket, **more: Any) -> None:
        """One delivery, whatever comes of it."""
        keep_in_step(self.storage, self.store, self.settings, self.slack, SyncMessage(ticket.id, **more))

    def keep_all(self) -> None:
        """One delivery of all that is due now; what is sent meanwhile is left for later."""
        due = [heapq.heappop(self._queue)[2] for _ in range(len(self._queue)) if self._queue[0][0] <= self.clock.now()]
        for message in due:
            keep_in_step(self.storage, self.store, self.settings, self.slack, message)

    def run(self, most: int = 3_000) -> int:
        """Delivers until the queue is empty; returns how many deliveries that took."""
        for count in range(most):
            if not self._queue:
                return count
            due, _, message = heapq.heappop(self._queue)
            self.clock.moment = max(self.clock.moment, due)
            try:
                keep_in_step(self.storage, self.store, self.settings, self.slack, message)
            except (Busy, OutsideTrouble) as error:
                again = msgspec.structs.replace(message, tries=message.tries + 1)
                self.send(self.storage, "slack-updates", again, delay_seconds=error.retry_after_seconds)
            except OutsideRefusal as error:
                self.dead.append((message, error))
            except Died:
                self.send(self.storage, "slack-updates", message, delay_seconds=REDELIVERY_SECONDS)
        raise AssertionError(f"still at it after {most} deliveries")

    def posted(self, **given: Any) -> tuple[Ticket, Posted]:
        """A ticket that Slack shows, with its details."""
        ticket = self.ticket(**given)
        self.announce(ticket)
        self.run()
        return self.store.get(ticket.id), self.card(ticket)

    def card(self, ticket: Ticket) -> Posted:
        """The one message of the ticket."""
        found = [one for one in self.server.cards() if one.metadata["event_payload"]["ticket_id"] == ticket.id]
        assert len(found) == 1, f"{len(found)} messages about one ticket"
        return found[0]

    def details(self, ticket: Ticket) -> Posted:
        """The one reply in its thread."""
        found = self.server.replies(self.card(ticket))
        assert len(found) == 1, f"{len(found)} replies about one ticket"
        return found[0]

    def audit(self, ticket: Ticket, action: str) -> list[str]:
        return [entry.details for entry in self.store.audit_of(ticket.id) if entry.action == action]


def make_settings(api_base_url: str | None, channel: str = "", **more: Any) -> Settings:
    slack = api_base_url and SlackSettings(
        bot_token=BOT_TOKEN, channel=channel, signing_secrets=(SIGNING_SECRET,), api_base_url=api_base_url
    )
    return Settings(
        storage=StorageSettings(), slack=slack or None, **{"dashboard_url": "https://rca.example.com", **more}
    )


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the program, stopped."""
    stopped = Clock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def server(stopped: Clock) -> Iterator[SlackServer]:
    with serving(stopped.seconds) as running:
        yield running


@pytest.fixture
def desk(
    storage: Storage, store: TicketStore, server: SlackServer, stopped: Clock, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    channel = f"C{uuid4().hex[:9].upper()}"  # slots are kept for each channel, and this test's are its own
    server.channels = {channel}
    desk = Desk(storage, store, server, stopped, channel)
    monkeypatch.setattr(slack_sync, "send", desk.send)
    return desk
