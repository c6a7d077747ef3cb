"""One id from the webhook's answer to the message in Slack, whichever queues lie in between."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.app import wait_for
from tests.support.outside import Outside, outside


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("watched")) as running:
        yield running


def events(watched: Outside, request_id: str) -> list[str]:
    """What the log tells under this id: event, and the function of those that say how a job ended."""
    lines = [line for line in watched.app.log.read_text().splitlines() if line.endswith(f" request_id={request_id}")]
    told = [re.search(r" rca ([a-z-]+)(?: function=(\w+))?", line) for line in lines]
    return [":".join(filter(None, match.groups())) for match in told if match]


def test_every_line_that_a_failure_led_to_bears_the_id_of_the_webhooks_answer(watched: Outside) -> None:
    body = {"dag_id": "tides", "task_id": "load", "run_id": uuid4().hex, "exception": "KeyError: 'tide'"}
    answer = watched.app.post("/airflow-monitor", body)
    request_id, ticket_id = answer.headers["x-request-id"], answer.json()["ticket_id"]
    watched.card(ticket_id)
    watched.issue(ticket_id)
    expected = {
        "failure-accepted",
        "ticket-created",
        "job-ended:triage_failure",
        "slack-written",
        "job-ended:update_slack",
        "job-ended:update_jira",
    }
    wait_for(lambda: expected <= set(events(watched, request_id)), f"all of {expected} under {request_id}")

    log = watched.app.log.read_text()
    triaged = re.search(rf"job-ended function=triage_failure ticket_id={ticket_id} .*", log)
    assert triaged
    assert re.search(r" outcome=done duration_ms=\d+ tries=1 request_id=", triaged[0])
    of_ticket = [line for line in log.splitlines() if f"ticket_id={ticket_id} " in line]
    assert {line.rpartition(" request_id=")[2] for line in of_ticket} == {request_id}


def test_what_a_person_does_has_an_id_of_its_own_over_all_queues(watched: Outside) -> None:
    ticket_id = watched.failure()
    watched.card(ticket_id)
    version = watched.ticket(ticket_id)["version"]
    with watched.app.client() as client:
        answer = client.patch(f"/api/tickets/{ticket_id}", json={"status": "in_progress", "version": version})
    assert answer.status_code == 200, answer.text
    request_id = answer.headers["x-request-id"]
    # Who writes to Slack for both is whoever's slot comes first; but each is looked at under its own id.
    expected = {"job-ended:update_slack", "job-ended:update_jira"}
    wait_for(lambda: expected <= set(events(watched, request_id)), f"both of {expected}", seconds=40)
