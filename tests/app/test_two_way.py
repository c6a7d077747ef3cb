"""Tickets, Jira and Slack move together: the whole app, every side behind HTTP."""

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.jira.server import SECRET
from tests.slack.server import SIGNING_SECRET
from tests.support.app import ROOT, wait_for
from tests.support.outside import Outside, outside


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("between")) as running:
        yield running


def moves(ticket: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (entry["action"], entry["user"], entry["origin"]) for entry in ticket["audit"] if entry["user"] != "assistant"
    ]


def test_done_in_jira_acknowledges_in_the_persons_name_and_a_reopening_in_slack_goes_all_the_way_back(
    between: Outside,
) -> None:
    ticket_id = between.failure()
    issue, card = between.issue(ticket_id), between.card(ticket_id)
    ticket = between.ticket(ticket_id, itsm_ticket_id=issue["key"], slack_ts=card.ts)
    assert {"kind": "jira", "url": f"{between.jira.url}/browse/{issue['key']}"} in [
        {"kind": link["kind"], "url": link["url"]} for link in ticket["links"]
    ]

    between.jira.person_moves(issue, "Fertig")
    ticket = between.ticket(ticket_id, status="acknowledged")
    assert (ticket["ack_user"], ticket["sla_status"]) == ("Jordan Reyes", "Met")
    assert ticket["ack_ts"] and ticket["ack_seconds"] >= 0
    assert moves(ticket) == [("Ticket Acknowledged", "Jordan Reyes", "jira")]
    between.card(ticket_id, "Acknowledged by Jordan Reyes")

    pressed = between.slack.press(f"{between.app.url}/slack/interactions", card, "rca_reopen")
    assert pressed.status_code == 200
    ticket = between.ticket(ticket_id, status="open")
    assert (ticket["ack_user"], ticket["ack_ts"], ticket["sla_status"]) == (None, None, "Pending")
    assert moves(ticket)[1:] == [("Ticket Reopened", "primary-owner (W111)", "slack")]
    between.issue(ticket_id, "Zu erledigen")
    wait_for(lambda: issue["comments"], "the comment")
    assert "Ticket Reopened by primary-owner" in issue["comments"][0].replace("\\", "")
    wait_for(lambda: card.text.endswith(f"(Open, {ticket_id})"), "the edit")

    assert len(between.issues(ticket_id)) == len(between.cards(ticket_id)) == len(issue["comments"]) == 1
    assert between.letters() == []


def test_what_a_person_does_on_our_side_is_told_in_jira_and_slack_and_never_comes_back(between: Outside) -> None:
    ticket_id = between.failure()
    issue = between.issue(ticket_id)
    between.move(ticket_id, "acknowledged", note="The network team opened the port.")
    between.issue(ticket_id, "Fertig")
    wait_for(lambda: issue["comments"], "the comment")
    assert "The network team opened the port." in issue["comments"][0]
    between.card(ticket_id, "The network team opened the port.")
    # Jira tells us of our own move: it is the delivery after which nothing may have changed.
    own = [one for one in between.jira.deliveries if b'"status"' in one.body and issue["key"].encode() in one.body]
    assert own and all(between.jira.deliver(one) == 200 for one in own)
    ticket = between.app.ticket(ticket_id)
    assert [action for action, _, _ in moves(ticket)] == ["Ticket Acknowledged"]
    assert len(issue["comments"]) == 1


@pytest.mark.parametrize("door", ["/jira-webhook", "/slack/interactions"])
def test_who_cannot_sign_moves_nothing(between: Outside, door: str) -> None:
    ticket_id = between.failure()
    issue, card = between.issue(ticket_id), between.card(ticket_id)
    before = between.app.ticket(ticket_id)["status"]
    if door == "/jira-webhook":
        hook, between.jira.webhook_url = between.jira.webhook_url, None
        between.jira.person_moves(issue, "Fertig")
        between.jira.webhook_url = hook
        forged = {**between.jira.deliveries[-1].headers, "x-hub-signature": "sha256=" + "0" * 64}
        answers = [
            httpx.post(between.app.url + door, content=between.jira.deliveries[-1].body, headers=headers)
            for headers in (forged, {"content-type": "application/json"})
        ]
    else:
        wrong = "-".join(("another", "secret"))
        answers = [
            between.slack.press(between.app.url + door, card, "rca_acknowledge", secret=wrong),
            httpx.post(between.app.url + door, data={"payload": "{}"}),
        ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert "signature" in answers[0].text.lower()
    assert between.app.ticket(ticket_id)["status"] == before == "open"


@pytest.mark.parametrize(
    ("page", "secret", "answered"),
    [
        ("jira", {"JIRA_WEBHOOK_SECRET": SECRET}, '{"status":"ignored","reason":"The issue belongs to no ticket."}'),
        (
            "jira",
            {"JIRA_WEBHOOK_SECRET": "another"},
            '{"title":"Unauthorized","status":401,"detail":"The signature does not fit',
        ),
        ("slack", {"SLACK_SIGNING_SECRET": SIGNING_SECRET}, "200"),
        (
            "slack",
            {"SLACK_SIGNING_SECRET": "another"},
            '{"title":"Unauthorized","status":401,"detail":"X-Slack-Signature does not fit',
        ),
    ],
)
def test_the_commands_of_the_pages_show_whether_the_secret_is_the_apps(
    between: Outside, page: str, secret: dict[str, str], answered: str
) -> None:
    marked = r"^<!-- run by: tests/app/test_two_way[^\n]*\n```sh\n(.*?)^```"
    [commands] = re.findall(marked, (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL | re.MULTILINE)
    told = subprocess.run(
        ["bash", "-eu", "-c", commands],
        env={**os.environ, "APP": between.app.url, **secret},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith(answered)
