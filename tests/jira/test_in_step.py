"""A ticket and its issue stay in step, whichever side moves."""

import itertools

import pytest

from rca_core.tickets import jira_statuses
from rca_core.tickets.jira_statuses import NamedStatus
from tests.jira.conftest import Desk
from tests.jira.server import Fault, Jira, Transition

NAME_OF = {"open": "Zu erledigen", "in_progress": "In Arbeit", "acknowledged": "Fertig"}


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(NAME_OF, 2)))
def test_the_issue_follows_the_ticket_by_the_category_that_a_transition_leads_to(
    desk: Desk, jira: Jira, before: str, after: str
) -> None:
    ticket = desk.ticket()
    desk.move(ticket, before)  # type: ignore[arg-type]
    desk.look(ticket)
    desk.move(ticket, after)  # type: ignore[arg-type]
    desk.look(ticket)
    assert jira.only_issue()["status"] == NAME_OF[after]


@pytest.mark.parametrize(
    ("name", "status"), [*((name, status) for status, name in NAME_OF.items()), ("Wird nicht erledigt", "acknowledged")]
)
def test_the_ticket_follows_the_issue(desk: Desk, jira: Jira, name: str, status: str) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), "In Arbeit" if status == "open" else "Zu erledigen")
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), name)
    after = desk.look(ticket, by="Jordan Reyes")
    assert after.status == status
    assert desk.store.audit_of(ticket.id)[-1].user == "Jordan Reyes"


def test_done_in_jira_acknowledges_and_settles_the_sla_and_the_audit_trail(desk: Desk, jira: Jira) -> None:
    """The original raised TypeError here, after it had changed half of it (defect 5)."""
    ticket = desk.ticket()
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), "Fertig")
    after = desk.look(ticket, by="Jordan Reyes")
    assert (after.status, after.sla_status, after.ack_user) == ("acknowledged", "Met", "Jordan Reyes")
    assert after.ack_ts and after.ack_seconds is not None and after.ack_seconds >= 0
    assert desk.actions(ticket).count("Ticket Acknowledged") == 1
    assert not jira.only_issue()["comments"]


def test_a_transition_is_found_by_where_it_leads_not_by_a_known_number(desk: Desk, jira: Jira) -> None:
    """The original took transition 31 for "done" (defect 13); here it puts an issue back."""
    ticket = desk.ticket()
    desk.look(ticket)
    desk.move(ticket, "acknowledged")
    desk.look(ticket)
    assert jira.only_issue()["status"] == "Fertig"


def test_a_transition_that_asks_for_a_field_gives_way_to_one_that_does_not(desk: Desk, jira: Jira) -> None:
    jira.transitions.insert(0, Transition("5", "Mit Begründung", "Fertig", requires="resolution"))
    ticket = desk.ticket()
    desk.look(ticket)
    desk.move(ticket, "acknowledged")
    desk.look(ticket)
    assert jira.only_issue()["status"] == "Fertig"


def test_where_no_transition_leads_the_issue_is_told_once_and_moved_when_one_does(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    usual, jira.transitions = jira.transitions, []
    desk.move(ticket, "acknowledged")
    for _ in range(3):
        desk.look(ticket)
    (comment,) = jira.only_issue()["comments"]
    assert "Please move this issue by hand" in comment
    jira.transitions = usual
    assert desk.look(ticket).status == "acknowledged"
    assert jira.only_issue()["status"] == "Fertig"


def test_a_project_that_begins_in_progress_takes_no_ticket_along(desk: Desk, jira: Jira) -> None:
    jira.first_status = "In Arbeit"
    ticket = desk.ticket()
    assert desk.look(ticket).status == "open"
    assert jira.only_issue()["status"] == "Zu erledigen"


def test_when_both_sides_moved_the_later_move_stands(desk: Desk, jira: Jira) -> None:
    ticket, another = desk.ticket(), desk.ticket()
    desk.look(ticket)
    issue = jira.only_issue()
    desk.move(ticket, "acknowledged")
    jira.person_moves(issue, "In Arbeit")
    issue["moved"] = "2099-01-01T12:00:00.000+0100"
    # Data Center does not tell when, so there the ticket's move stands.
    assert desk.look(ticket).status == ("in_progress" if jira.cloud else "acknowledged")
    assert issue["status"] == ("In Arbeit" if jira.cloud else "Fertig")
    desk.look(another)
    issue = next(each for each in jira.issues.values() if each is not issue)
    desk.move(another, "acknowledged")
    jira.person_moves(issue, "In Arbeit")
    issue["moved"] = "2001-01-01T12:00:00.000+0000"
    assert desk.look(another).status == "acknowledged"
    assert issue["status"] == "Fertig"


def test_the_table_of_names_overrules_the_category_in_both_directions(desk: Desk, jira: Jira) -> None:
    jira.statuses["Wartet / Kunde?"] = "indeterminate"
    jira.transitions = [Transition("4", "Warten", "Wartet / Kunde?"), *jira.transitions]
    jira_statuses.put(desk.storage, NamedStatus("  wartet / kunde? ", "acknowledged"))
    try:
        ticket, another = desk.ticket(), desk.ticket()
        desk.look(ticket)
        jira.person_moves(jira.only_issue(), "Wartet / Kunde?")
        assert desk.look(ticket).status == "acknowledged"
        desk.move(another, "acknowledged")
        desk.look(another)
        assert {issue["status"] for issue in jira.issues.values()} == {"Wartet / Kunde?"}
    finally:
        jira_statuses.remove(desk.storage, "Wartet / Kunde?")
    assert jira_statuses.listed(desk.storage) == []


def test_a_status_that_nobody_knows_leaves_the_ticket_as_it_is(desk: Desk, jira: Jira) -> None:
    """The original took it for "unchanged" at one door and for "open" at the other (defect 5)."""
    jira.statuses["Seltsam"] = "undefined"
    ticket = desk.ticket()
    desk.move(ticket, "in_progress")
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), "Seltsam")
    assert desk.look(ticket).status == "in_progress"
    assert jira.only_issue()["status"] == "Seltsam"


def test_a_new_diagnosis_is_written_into_the_issue(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    desk.rewrite(ticket, rca_result="The disk is full.", severity="Critical", priority="P1", title="Disk full")
    desk.look(ticket)
    fields = jira.only_issue()["fields"]
    assert fields["summary"] == "Disk full"
    assert "The disk is full" in fields["description"]
    assert fields["priority"] == {"name": "Highest"}


def test_what_a_person_wrote_in_jira_is_left_alone(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    jira.person_edits(jira.only_issue(), description="Ask Mia before you touch this.", priority={"name": "Lowest"})
    desk.rewrite(ticket, rca_result="The disk is full.", severity="Critical", priority="P1", title="Disk full")
    desk.look(ticket)
    fields = jira.only_issue()["fields"]
    assert fields["description"] == "Ask Mia before you touch this."
    assert fields["priority"] == {"name": "Lowest"}
    assert fields["summary"] == "Disk full"


def test_texts_that_jira_gives_back_changed_are_still_known_as_ours(desk: Desk, jira: Jira) -> None:
    """Cloud keeps another format and makes wiki markup of it again."""
    jira.normalise = lambda text: text.replace("\\", "").replace("\n", "\r\n").upper() + "\r\n"
    ticket = desk.ticket()
    for cause in ("One.", "Two.", "Three."):
        desk.rewrite(ticket, rca_result=cause)
        for _ in range(2):
            desk.look(ticket)
    assert "THREE." in jira.only_issue()["fields"]["description"]
    assert [method for method, _ in jira.writes] == ["POST", "PUT", "PUT"]


def test_reopening_and_notes_are_told_on_the_issue_once(desk: Desk, jira: Jira) -> None:
    jira.normalise = lambda text: text.replace("\\", "")
    ticket = desk.ticket()
    desk.move(ticket, "acknowledged", note="Known issue {code}x{code}", user="ada@example.com")
    desk.look(ticket)
    desk.move(ticket, "open", user="bo@example.com")
    desk.move(ticket, None, note="Vendor case 4711")
    for _ in range(3):
        desk.look(ticket)
    comments = jira.only_issue()["comments"]
    assert len(comments) == 3
    assert "ada@example.com" in comments[0] and "Known issue" in comments[0]
    assert "Ticket Reopened by bo@example.com" in comments[1]
    assert "Vendor case 4711" in comments[2]


def test_comments_behind_the_first_page_are_found(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    issue = jira.only_issue()
    issue["comments"] += ["+1"] * 250
    desk.move(ticket, None, note="Seen.")
    jira.fail("POST", "/comment", _lost_answer())
    with pytest.raises(Exception, match="Jira"):
        desk.look(ticket)
    desk.look(ticket)
    assert len(issue["comments"]) == 251


def test_a_deleted_issue_is_noted_and_not_made_again(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    key = desk.look(ticket).itsm_ticket_id
    issue = jira.only_issue()
    jira.person_deletes(issue)
    for _ in range(3):
        after = desk.look(ticket)
    assert (after.status, after.itsm_ticket_id) == ("open", key)
    assert not [link for link in after.links if link.kind == "jira"]
    assert desk.actions(ticket).count("Jira Issue Deleted") == 1
    assert not jira.issues
    jira.issues[issue["id"]] = issue  # it was but out of our sight
    assert next(link.kind for link in desk.look(ticket).links) == "jira"
    assert desk.actions(ticket)[-1] == "Jira Issue Found Again"


def test_a_project_out_of_sight_is_not_taken_for_deleted_issues(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    hidden, jira.issues = jira.issues, {}
    projects, jira.projects = jira.projects, {}
    with pytest.raises(Exception, match="JIRA_PROJECT_KEY"):
        desk.look(ticket)
    jira.issues, jira.projects = hidden, projects
    desk.look(ticket)
    assert "Jira Issue Deleted" not in desk.actions(ticket)


def test_an_issue_moved_to_another_project_stays_the_tickets(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    old = desk.look(ticket).itsm_ticket_id
    issue = jira.only_issue()
    jira.person_moves_to_project(issue, "OTHER")
    after = desk.look(ticket)
    assert after.itsm_ticket_id == issue["key"] != old
    assert [link.url for link in after.links if link.kind == "jira"] == [f"{jira.url}/browse/{issue['key']}"]
    moved = desk.store.audit_of(ticket.id)[-1]
    assert (moved.action, moved.old, moved.new) == ("Jira Issue Moved", old, issue["key"])
    desk.move(ticket, "acknowledged")
    desk.look(ticket)
    assert issue["status"] == "Fertig"


def test_what_jira_refuses_does_not_keep_the_rest(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    desk.move(ticket, "acknowledged", note="Done by hand.")
    desk.rewrite(ticket, rca_result="The disk is full.")
    jira.refused_fields = {"description": "The issue is closed."}
    with pytest.raises(Exception, match="description: The issue is closed"):
        desk.look(ticket)
    assert jira.only_issue()["status"] == "Fertig"
    assert len(jira.only_issue()["comments"]) == 1
    jira.refused_fields = {}
    desk.look(ticket)
    assert "The disk is full" in jira.only_issue()["fields"]["description"]


def _lost_answer() -> Fault:
    return Fault(done=True, hang_up=True)
