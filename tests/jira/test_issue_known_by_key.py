"""An issue that another program made for a ticket, of which the key alone is known (`rca_core.upkeep.original`)."""

from rca_core.tickets import jira_known, sync
from rca_core.tickets.sync import Copy
from tests.jira.conftest import Desk
from tests.jira.server import Jira


def test_it_is_taken_over_as_it_is_and_kept_in_step(desk: Desk, jira: Jira) -> None:
    made = desk.jira.create({"summary": "AIOps Alert", "description": "Their words.", "labels": []})
    ticket = desk.ticket(itsm_ticket_id=made.key)
    copy = Copy(remote=made.key, place=made.key, agreed="open", content='{"said":[]}')
    table = desk.storage.table(sync.TABLE)
    table.create_entity(sync.copy_entity(ticket.id, "jira", copy))
    table.upsert_entity(jira_known.issue_entity(made.key, ticket.id) or {})
    assert jira_known.ticket_of(desk.storage, "an-id-not-known-yet", made.key) == ticket.id
    desk.look(ticket)
    issue = jira.only_issue()
    assert (issue["fields"]["summary"], issue["fields"]["description"]) == ("AIOps Alert", "Their words.")
    assert jira_known.ticket_of(desk.storage, made.id, "") == ticket.id
    jira.person_moves(issue, "Fertig")
    assert desk.look(ticket).status == "acknowledged"
    assert list(desk.jira.comments(made.id)) == []
