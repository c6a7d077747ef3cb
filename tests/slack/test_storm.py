"""Two hundred tickets within a minute, and a Slack that takes one message a second."""

import random
from itertools import pairwise
from typing import Any

import pytest

from rca_core.tickets import slack_sync
from rca_core.tickets.sync import SyncMessage
from tests.slack.conftest import Desk
from tests.support.sizes import sized

TICKETS = sized(200, 60)


@pytest.mark.slow
def test_two_hundred_tickets_in_a_minute_all_get_to_slack_which_never_has_to_refuse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.server.per_second = 1
    late = random.Random(200)

    def send_late(*given: Any, delay_seconds: int = 0) -> None:
        """The host looks at a queue only now and then, so messages come late, and some come together."""
        desk.send(*given, delay_seconds=delay_seconds + late.uniform(0, 2))  # type: ignore[arg-type]

    monkeypatch.setattr(slack_sync, "send", send_late)
    begin = desk.clock.seconds()
    tickets = [desk.ticket() for _ in range(TICKETS)]
    for number, ticket in enumerate(tickets):
        desk.send(desk.storage, "slack-updates", SyncMessage(ticket.id), delay_seconds=number * 60 // TICKETS)
    desk.run(most=TICKETS * 40)

    assert len(desk.server.cards()) == TICKETS
    assert all(desk.details(ticket) for ticket in tickets), "one card each, with one reply"
    calls = desk.server.called("chat.postMessage")
    assert len(desk.server.calls) == len(calls) == 2 * TICKETS, "none was refused, none was for nothing"
    assert min(later.at - earlier.at for earlier, later in pairwise(calls)) >= 1
    last_card = max(call.at for call in calls if "thread_ts" not in call.arguments)
    assert last_card - begin < 2 * TICKETS, "all cards come before most details"
    assert desk.dead == []
