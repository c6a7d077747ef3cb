"""One ticket, one issue: whatever crashes, lags or happens at once."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from rca_core.foundation.errors import OutsideTrouble, RcaError
from rca_core.integrations.jira import JiraClient
from rca_core.tickets import jira_known, sync
from rca_core.tickets.jira_issue import label
from rca_core.tickets.store import TicketStore
from tests.jira.conftest import Desk
from tests.jira.server import Fault, Jira


class Died(BaseException):
    """The process ends here."""


WRITES = (
    (JiraClient, "create"),
    (JiraClient, "update"),
    (JiraClient, "move"),
    (JiraClient, "comment"),
    (sync.Lease, "save"),
    (TicketStore, "change"),
    (jira_known, "note_issue"),
)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Lets a worker die right behind its n-th write, to Jira or to storage; `[0]` lets it live."""
    left = [0]

    def mortal(real: Any) -> Any:
        def method(*args: Any, **named: Any) -> Any:
            done = real(*args, **named)
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return done

        return method

    for owner, name in WRITES:
        monkeypatch.setattr(owner, name, mortal(getattr(owner, name)))
    yield left


def test_a_ticket_gets_one_issue_that_is_found_on_the_ticket(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket(severity="High")
    for _ in range(3):
        after = desk.look(ticket)
    issue = jira.only_issue()
    assert issue["key"] == after.itsm_ticket_id
    assert issue["fields"]["labels"] == [label(ticket.id)]
    assert issue["fields"]["priority"] == {"name": "High"}
    assert [link.url for link in after.links if link.kind == "jira"] == [f"{jira.url}/browse/{issue['key']}"]
    assert desk.actions(ticket).count("Jira Issue Created") == 1
    assert after.version == ticket.version
    assert len(jira.writes) == 1


@pytest.mark.parametrize("step", range(1, 15))
def test_a_worker_that_dies_anywhere_leaves_one_issue_in_step(
    desk: Desk, jira: Jira, dying: list[int], step: int
) -> None:
    ticket = desk.ticket()
    desk.move(ticket, "acknowledged", note="Known; the vendor is on it.")
    desk.move(ticket, "open", note="It is not.")
    desk.move(ticket, "in_progress")
    dying[0] = step
    with suppress(Died):
        desk.look(ticket)
    dying[0] = 0
    after = desk.look(ticket, index_lag_seconds=0)
    issue = jira.only_issue()
    assert issue["key"] == after.itsm_ticket_id
    assert (after.status, issue["status"]) == ("in_progress", "In Arbeit")
    assert len(issue["comments"]) == 2
    assert desk.actions(ticket).count("Jira Issue Created") == 1
    settled = len(jira.writes)
    desk.look(ticket)
    assert len(jira.writes) == settled


@pytest.mark.parametrize("step", range(1, 4))
def test_a_worker_that_dies_while_it_rewrites_the_issue_leaves_the_new_text(
    desk: Desk, jira: Jira, dying: list[int], step: int
) -> None:
    jira.normalise = str.upper  # Cloud gives texts back changed
    ticket = desk.ticket()
    desk.look(ticket)
    desk.rewrite(ticket, rca_result="The disk is full.")
    dying[0] = step + 1
    with suppress(Died):
        desk.look(ticket)
    dying[0] = 0
    desk.look(ticket)
    assert "THE DISK IS FULL" in jira.only_issue()["fields"]["description"]
    settled = len(jira.writes)
    desk.look(ticket)
    assert len(jira.writes) == settled


def test_an_issue_whose_answer_was_lost_is_found_once_the_index_shows_it(desk: Desk, jira: Jira) -> None:
    jira.index_lags = True
    jira.fail("POST", "/issue", Fault(done=True, hang_up=True))
    ticket = desk.ticket()
    for _ in range(3):
        with pytest.raises(OutsideTrouble):
            desk.look(ticket)
    jira.index_now()
    assert desk.look(ticket).itsm_ticket_id == jira.only_issue()["key"]


def test_an_issue_that_never_came_to_be_is_made_once_the_index_would_show_it(desk: Desk, jira: Jira) -> None:
    jira.fail("POST", "/issue", Fault(hang_up=True))
    ticket = desk.ticket()
    for _ in range(2):
        with pytest.raises(OutsideTrouble) as caught:
            desk.look(ticket)
    assert caught.value.retry_after_seconds <= 10
    assert desk.look(ticket, index_lag_seconds=0).itsm_ticket_id == jira.only_issue()["key"]


def test_a_refused_issue_is_tried_again_without_waiting(desk: Desk, jira: Jira) -> None:
    jira.refused_fields = {"customfield_10100": "Team is required."}
    ticket = desk.ticket()
    with pytest.raises(RcaError, match=r"customfield_10100: Team is required"):
        desk.look(ticket)
    jira.refused_fields = {}
    assert desk.look(ticket).itsm_ticket_id == jira.only_issue()["key"]


def test_workers_at_once_make_one_issue(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    outcomes: list[str] = []

    def work() -> None:
        try:
            desk.look(ticket)
            outcomes.append("done")
        except sync.Busy:
            outcomes.append("busy")

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(outcomes) == 6 and "done" in outcomes
    assert desk.look(ticket).itsm_ticket_id == jira.only_issue()["key"]


def test_a_clone_of_the_issue_is_not_taken_for_it(desk: Desk, jira: Jira) -> None:
    jira.fail("POST", "/issue", Fault(done=True, hang_up=True))
    ticket = desk.ticket()
    with pytest.raises(OutsideTrouble):
        desk.look(ticket)
    first = jira.only_issue()
    jira.person_clones(first)
    assert desk.look(ticket).itsm_ticket_id == first["key"]


def test_another_type_and_no_priority_serve_where_a_project_has_not_the_usual_ones(desk: Desk, jira: Jira) -> None:
    jira.projects["OPS"] = ["Sub", "Aufgabe"]
    ticket = desk.ticket(severity="Critical")
    after = desk.look(ticket)
    jira.refused_fields = {"priority": "Field 'priority' cannot be set: it is on no screen."}
    another = desk.look(desk.ticket(severity="Critical"))
    assert {after.itsm_ticket_id, another.itsm_ticket_id} == {issue["key"] for issue in jira.issues.values()}
    desk.rewrite(another, title="Worse than thought", severity="Low", priority="P4")
    desk.look(another)
    issue = next(each for each in jira.issues.values() if each["key"] == another.itsm_ticket_id)
    assert issue["fields"]["summary"] == "Worse than thought"
    settled = len(jira.writes)
    desk.look(another)
    assert len(jira.writes) == settled
