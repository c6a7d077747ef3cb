"""Jira and Slack in trouble: tickets keep flowing, the operator reads what is wrong, and nothing is lost or doubled."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from rca_core.foundation import clock
from tests.jira.server import Fault as JiraFault
from tests.slack.server import Fault as SlackFault
from tests.support.app import wait_for
from tests.support.outside import JiraSite, Outside, SlackSite, outside


class Case(NamedTuple):
    """How Jira or Slack fails, the state and words that the operator reads, and how it recovers.

    The next try of what is retried is at least `pause` seconds later.
    """

    breaks: Callable[[Any], None]
    state: str
    words: tuple[str, ...]
    recovers: Callable[[Any], None] = lambda site: site.mend()
    pause: int = 15


def refusing(status: int, said: str, **more: Any) -> Callable[[JiraSite], None]:
    body = b'{"errorMessages": ["' + said.encode() + b'"]}'
    return lambda jira: jira.always("POST", "/issue", JiraFault(status, body, **more))


def answering(error: str, method: str = "chat.postMessage") -> Callable[[SlackSite], None]:
    return lambda slack: slack.always(method, error)


def wanting_a_field(jira: JiraSite) -> None:
    jira.refused_fields = {"customfield_10100": "Team is required."}


def shutting_us_out(jira: JiraSite) -> None:
    for method in ("GET", "POST", "PUT"):
        jira.always(method, "", JiraFault(401, b'{"message": "Client must be authenticated"}'))


def out_of_the_channel(slack: SlackSite) -> None:
    slack.channels = set()


def slower_than_we_wait(slack: SlackSite) -> None:
    slack.slow_seconds = 10.5


def asking_for_a_pause(slack: SlackSite) -> None:
    slack.retry_after = 2
    slack.always("chat.postMessage", SlackFault.RATE_LIMITED)


TIME_OUT = "time-out, and it was done"
JIRA = {
    "401": Case(shutting_us_out, "dead", ("does not accept the account", "JIRA_USER_EMAIL and JIRA_API_TOKEN")),
    "403": Case(refusing(403, "No permission"), "dead", ("lacks a right", "Create Issues", "No permission")),
    "404 project": Case(refusing(404, "No project with key OPS"), "dead", ("check JIRA_PROJECT_KEY (OPS)",)),
    "400 field": Case(wanting_a_field, "dead", ("customfield_10100: Team is required.",)),
    "429": Case(refusing(429, "Slow down", headers={"Retry-After": "40"}), "retrying", ("answered 429",), pause=40),
    "500": Case(refusing(500, "Oops"), "retrying", ("answered 500 to a new issue",)),
    "500, and the issue was made": Case(refusing(500, "Oops", done=True), "retrying", ("answered 500",)),
    "dropped, and the issue was made": Case(
        refusing(500, "", hang_up=True, done=True), "retrying", ("No connection to Jira for a new issue",)
    ),
    "refused connections": Case(JiraSite.leave, "retrying", ("No connection to Jira",), JiraSite.come_back, pause=30),
    TIME_OUT: Case(
        refusing(200, "", delay=15.5, done=True), "retrying", ("did not answer in time to a new issue",), pause=30
    ),
}
SLACK = {
    "ratelimited": Case(asking_for_a_pause, "retrying", ("Slack wants fewer calls of chat.postMessage.",)),
    "channel_not_found": Case(out_of_the_channel, "dead", ("SLACK_CHANNEL", "/invite")),
    "invalid_auth": Case(answering("invalid_auth"), "dead", ("SLACK_BOT_TOKEN is not accepted",)),
    "500": Case(answering(SlackFault.SERVER_ERROR), "retrying", ("answered chat.postMessage with 500",)),
    TIME_OUT: Case(slower_than_we_wait, "retrying", ("Slack did not answer chat.postMessage within 10 s.",)),
}


@pytest.fixture(scope="module")
def with_jira(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("jira"), knows_slack=False) as running:
        yield running


@pytest.fixture(scope="module")
def with_slack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("slack"), knows_jira=False) as running:
        yield running


@pytest.fixture(scope="module")
def known_tickets() -> list[str]:
    """The tickets of all cases: what comes late must do them no harm."""
    return []


def told_to_the_operator(around: Outside, ticket_id: str, queue: str, case: Case) -> None:
    letter = around.letter(ticket_id)
    assert (letter["queue"], letter["state"]) == (queue, case.state), letter
    assert all(words in letter["reason"] for words in case.words), letter["reason"]
    assert letter["tries"] >= 1
    if case.state == "dead":
        assert letter["next_try"] == ""
    else:
        waits = clock.from_iso(letter["next_try"]) - clock.from_iso(letter["at"])
        assert waits.total_seconds() >= case.pause - 1


def run(around: Outside, queue: str, case: Case) -> tuple[str, str]:
    """A ticket meets the fault, another comes meanwhile, somebody moves the first, the fault ends: returns both."""
    site = around.jira if queue == "jira-updates" else around.slack
    case.breaks(site)
    ticket_id, meanwhile = around.failure(), around.failure()
    assert around.app.ticket(meanwhile)["rca_result"]
    told_to_the_operator(around, ticket_id, queue, case)
    around.move(ticket_id, "acknowledged")
    case.recovers(site)
    return ticket_id, meanwhile


def recovered(around: Outside, system: str, ticket_ids: tuple[str, ...], done: Callable[[], bool]) -> None:
    """The operator replays what is listed of these tickets until nothing is and all is done."""

    def over() -> bool:
        around.let_attempts_age(system, *ticket_ids)
        return around.replay(*ticket_ids) == 0 and done()

    wait_for(over, "the recovery", seconds=40)


def jira_recovers(around: Outside, name: str) -> list[str]:
    ticket_id, meanwhile = both = run(around, "jira-updates", JIRA[name])
    recovered(around, "jira", both, lambda: bool(around.issues(ticket_id) and around.issues(meanwhile)))
    issue = around.issue(ticket_id, "Fertig")
    around.ticket(ticket_id, itsm_ticket_id=issue["key"])
    around.issue(meanwhile, "Zu erledigen")
    return list(both)


def slack_recovers(around: Outside, name: str) -> list[str]:
    ticket_id, meanwhile = both = run(around, "slack-updates", SLACK[name])
    recovered(around, "slack", both, lambda: bool(around.cards(ticket_id) and around.cards(meanwhile)))
    card = around.card(ticket_id, "Acknowledged")
    around.ticket(ticket_id, slack_ts=card.ts)
    around.card(meanwhile, "Open")
    return list(both)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SLACK if name != TIME_OUT])
def test_slack_fails_and_recovers(with_slack: Outside, known_tickets: list[str], name: str) -> None:
    known_tickets += slack_recovers(with_slack, name)


@pytest.mark.parametrize("name", [name for name in JIRA if name != TIME_OUT])
def test_jira_fails_and_recovers(with_jira: Outside, known_tickets: list[str], name: str) -> None:
    known_tickets += jira_recovers(with_jira, name)


@pytest.mark.slow
def test_both_answer_later_than_we_wait_and_did_what_they_were_asked(
    with_jira: Outside, with_slack: Outside, known_tickets: list[str]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        at_once = [pool.submit(jira_recovers, with_jira, TIME_OUT), pool.submit(slack_recovers, with_slack, TIME_OUT)]
        known_tickets += [ticket_id for one in at_once for ticket_id in one.result()]


def test_a_slow_jira_is_waited_for_and_holds_up_no_ticket(with_jira: Outside, known_tickets: list[str]) -> None:
    with_jira.jira.slow_seconds = 1
    ticket_id = with_jira.failure()
    meanwhile = with_jira.failure()
    assert not with_jira.issues(meanwhile), "the ticket was there before its issue"
    issue = with_jira.issue(ticket_id)
    with_jira.ticket(ticket_id, itsm_ticket_id=issue["key"], dead_letters=[])
    with_jira.issue(meanwhile)
    with_jira.jira.mend()
    known_tickets += [ticket_id, meanwhile]


def test_a_message_that_somebody_deleted_in_slack_is_no_trouble_and_not_posted_again(with_slack: Outside) -> None:
    ticket_id = with_slack.failure()
    card = with_slack.card(ticket_id)
    with_slack.ticket(ticket_id, slack_ts=card.ts)
    with_slack.slack.delete(card)
    with_slack.move(ticket_id, "acknowledged")
    ticket = with_slack.ticket(ticket_id, slack_ts=None)
    assert "Slack Message Deleted" in [entry["action"] for entry in ticket["audit"]]
    with_slack.move(ticket_id, "open")
    with_slack.ticket(ticket_id, status="open", dead_letters=[])
    assert with_slack.cards(ticket_id) == []


@pytest.mark.slow
def test_retries_that_come_after_the_recovery_change_nothing(
    with_jira: Outside, with_slack: Outside, known_tickets: list[str]
) -> None:
    """Each case left retries behind that were due 15 s later or more, and looks that were due 30 s later. Some came
    while a later case had its fault; those the operator replays.
    """

    def quiet(around: Outside, queue: str) -> bool:
        return around.replay(*known_tickets) == 0 and waiting(around, queue) == 0

    wait_for(lambda: quiet(with_jira, "jira-updates"), "nothing to do for Jira", seconds=75)
    wait_for(lambda: quiet(with_slack, "slack-updates"), "nothing to do for Slack", seconds=75)
    assert with_jira.letters() == with_slack.letters() == []
    for ticket_id in known_tickets:
        assert len(with_jira.issues(ticket_id)) + len(with_slack.cards(ticket_id)) == 1
        assert all(len(with_slack.slack.replies(card)) == 1 for card in with_slack.cards(ticket_id))


def waiting(around: Outside, queue: str) -> int:
    """How many messages are on a queue, those that are not visible yet among them."""
    count = around.storage.queue(queue).get_queue_properties().approximate_message_count
    return int(count or 0)
