"""Thirty tickets while Slack is slow and takes one message a second: nobody waits, and every ticket gets there."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.app import wait_for
from tests.support.outside import Outside, outside

BURST, TICKETS = 24, 30


@pytest.fixture
def stormy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("storm"), knows_jira=False) as running:
        yield running


@pytest.mark.slow
def test_slack_s_pace_holds_up_neither_webhooks_nor_pages_and_all_tickets_are_shown(stormy: Outside) -> None:
    stormy.slack.per_second, stormy.slack.retry_after = 1, 1
    stormy.slack.slow_seconds = 0.7
    tickets: list[str] = []
    webhooks: list[float] = []
    pages: list[float] = []

    def report(_: int = 0) -> None:
        webhooks.append(timed(lambda: tickets.append(stormy.report())))

    def all_shown() -> bool:
        pages.append(timed(lambda: stormy.app.get("/api/tickets", limit=50)))
        shown = len(stormy.slack.cards())
        if len(tickets) < TICKETS and shown > len(tickets) - BURST:
            report()
        return shown == TICKETS

    with ThreadPoolExecutor(BURST) as pool:
        list(pool.map(report, range(BURST)))
    wait_for(all_shown, "all cards", seconds=90)
    assert max(webhooks[:BURST]) < 5, "all at once"
    assert max(webhooks[BURST:]) < 2, "while Slack was busy"
    assert sorted(pages)[int(len(pages) * 0.95)] < 1
    assert sorted(one.metadata["event_payload"]["ticket_id"] for one in stormy.slack.cards()) == sorted(tickets)
    refused = [call for call in stormy.slack.calls if not call.answer.get("ok")]
    assert len(refused) <= 3, "the calls are a second apart, give or take what is on the way"
    assert {letter["state"] for letter in stormy.letters()} <= {"retrying"}


def timed(call: Callable[[], Any]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
