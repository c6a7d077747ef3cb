"""Two hundred tickets within a minute, and a Slack that takes one message a second."""

import random
from itertools import pairwise
from typing import Any

import pytest

from rca_core.tickets import slack_sync
from tests.slack.conftest import Desk

TICKETS = 200


@pytest.mark.slow
def test_two_hundred_tickets_in_a_minute_all_get_to_slack_which_never_has_to_refuse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.server.per_second = 1
    late = random.Random(200)

    def send_late(*given: Any, delay_seconds: int = 0) -> None:
        """The host looks at a queue at least every five seconds, so messages come up to that late."""
        desk.send(*given, delay_seconds=delay_seconds + late.randint(0, 5))

    monkeypatch.setattr(slack_sync, "send", send_late)
    begin = desk.clock.seconds()
    tickets = []
    for number in range(TICKETS):
        ticket = desk.ticket()
        desk.send(desk.storage, "slack-updates", slack_sync.SyncMessage(ticket.id), delay_seconds=number * 60 // TICKETS)
        tickets.append(ticket)
    deliveries = desk.run(most=TICKETS * 40)

    assert len(desk.server.cards()) == TICKETS
    assert all(desk.details(ticket) for ticket in tickets), "one card each, with one reply"
    assert desk.dead == []
    calls = desk.server.calls
    refused = [call for call in calls if not call.answer.get("ok")]
    cards = [call for call in calls if call.answer.get("ok") and "thread_ts" not in call.arguments]
    print(deliveries, len(calls), len(refused), cards[-1].at - begin, calls[-1].at - begin)
    assert [later.at - earlier.at for earlier, later in pairwise(cards)]
