"""What admins do in the page: owners, dead letters, senders, Jira's statuses. Accounts are in test_accounts."""

import re
from collections.abc import Callable
from uuid import uuid4

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from devhost.azurite import Azurite
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters
from rca_core.tickets.sync import SyncMessage
from tests.support.app import App
from tests.support.browser import Visitors, axe, too_wide
from tests.support.failures import report

PARTS = ("users", "owners", "dead-letters", "senders", "jira-statuses")
REASON = "Jira does not accept the account: check JIRA_USER_EMAIL and JIRA_API_TOKEN."


@pytest.fixture(scope="module")
def storage(azurite: Azurite) -> Storage:
    """The storage of the app that the pages belong to."""
    return Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)


def a_name() -> str:
    return f"dag_{uuid4().hex[:8]}"


def dead(storage: Storage, ticket_id: str) -> None:
    """An update of Jira about this ticket was refused, and is kept."""
    body = msgspec.json.encode(SyncMessage(ticket_id))
    dead_letters.record(storage, Queue.JIRA_UPDATES, body, state="dead", reason=REASON, tries=1)


def row(page: Page, table: str, name: str) -> Locator:
    return page.get_by_role("table", name=table, exact=True).get_by_role("row", name=name)


def test_a_pipeline_that_nobody_owns_gets_a_rule_and_its_next_ticket_the_owner(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("400 POST .*/api/owners$")
    name = a_name()
    first = report(app, name)
    page = page_as("admin")
    page.goto("/admin/owners")
    if (more := page.get_by_role("button", name=re.compile("^Show all"))).is_visible():
        more.click()
    page.get_by_role("button", name=f"Make a rule for {name}/load").press("Enter")
    expect(page.get_by_label("Pattern")).to_have_value(f"{name}/load")
    expect(page.get_by_role("dialog").get_by_label("Source")).to_have_value("airflow")
    page.get_by_label("Pattern").fill(f"{name}*")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("at least one of team, owner")
    page.get_by_label("Team").fill("Harbour")
    page.keyboard.press("Enter")
    expect(row(page, "Rules", f"{name}*")).to_contain_text("Harbour")
    expect(page.get_by_role("button", name=f"Make a rule for {name}/load")).to_have_count(0)

    page.get_by_label("Source").select_option("airflow")
    page.get_by_label("Pipeline, factory/pipeline or DAG/task").fill(f"{name}/load")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"It is decided by rule '{name}*' for airflow.")).to_be_visible()
    assert app.ticket(report(app, name))["finops_team"] == "Harbour"
    assert app.ticket(first)["finops_team"] == "Unknown"


def test_two_admins_at_one_rule_see_what_the_other_did(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("409 (PATCH|DELETE) .*/api/owners/")
    pattern = a_name()
    page = page_as("admin")
    with app.client() as other:
        rule = other.post("/api/owners", json={"pattern": pattern, "team": "Old"}).json()
        page.goto("/admin/owners")
        page.get_by_role("button", name=f"Edit {pattern}").press("Enter")
        page.get_by_role("textbox", name="Owner").fill("Ann")
        other.patch(f"/api/owners/{rule['id']}", json={"version": 1, "team": "Theirs"})
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("has been changed since that version")
    expect(dialog).to_contain_text("admin@example.com changed it")
    expect(dialog).to_contain_text("to: Theirs.")
    page.get_by_label("Team").fill("Ours")
    page.keyboard.press("Enter")
    expect(row(page, "Rules", pattern)).to_contain_text("OursAnn")
    page.get_by_role("button", name=f"Remove {pattern}").press("Enter")
    dialog.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("button", name=f"Remove {pattern}")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Remove").press("Enter")
    expect(row(page, "Rules", pattern)).to_have_count(0)


def test_dead_letters_are_replayed_one_or_all(
    app: App, storage: Storage, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("404 POST .*/api/dead-letters/.*/replay")
    tickets = [report(app, a_name()) for _ in range(3)]
    for ticket in tickets:
        dead(storage, ticket)
    page = page_as("admin")
    page.goto("/admin/dead-letters")
    letter = row(page, "Dead letters", tickets[0])
    expect(letter).to_contain_text("Jira is behind the ticket")
    expect(letter).to_contain_text(REASON)
    expect(letter.get_by_role("link", name=tickets[0])).to_have_attribute("href", f"/tickets/{tickets[0]}")
    page.get_by_role("button", name=f"Replay jira-updates {tickets[0]}").press("Enter")
    expect(page.get_by_role("main").get_by_role("status")).to_contain_text("1 sent once more")
    expect(letter).to_have_count(0)

    # What somebody else replayed meanwhile is told, and does not keep the rest.
    with app.client() as other:
        (gone,) = dead_letters.of_ticket(storage, tickets[1])
        other.post(f"/api/dead-letters/{gone.id}/replay")
    page.get_by_role("button", name=re.compile("^Replay all")).click()
    result = page.get_by_role("main").get_by_role("status")
    expect(result).to_contain_text("1 not")
    expect(result).to_contain_text("it was replayed, or delivered since")
    expect(row(page, "Dead letters", tickets[2])).to_have_count(0)
    assert [letter for ticket in tickets for letter in dead_letters.of_ticket(storage, ticket)] == []


def test_a_sender_is_tested_and_told_why_it_is_refused(app: App, page_as: Visitors) -> None:
    before = app.get("/api/summary")["total_tickets"]
    page = page_as("admin")
    page.goto("/admin/senders")
    verdict = page.get_by_role("region", name="What would happen")
    for sender in ("azure-monitor", "databricks", "airflow"):
        page.get_by_label("Sender", exact=True).select_option(sender)
        page.get_by_role("button", name="Fill in an example").click()
        with page.expect_response("**/api/sender-test"):
            page.get_by_role("button", name="Test it").click()
        expect(verdict).to_contain_text("Accepted (202): it would become a ticket")
        expect(verdict.get_by_text("Pipeline", exact=True)).to_be_visible()
    body = page.get_by_label("Body")
    for text, told in (
        ('{"dag_id": "d", "state": "success"}', "Heard (200), and no ticket would be made"),
        ("{not json", "Refused with 400"),
        ('{"task_id": "t"}', "Field: dag_id"),
    ):
        body.fill(text)
        page.get_by_role("button", name="Test it").click()
        expect(verdict).to_contain_text(told)
    page.get_by_label("Headers").fill("Bearer abc")
    page.get_by_role("button", name="Test it").click()
    expect(page.get_by_role("alert")).to_contain_text("A header is written as Name: value")
    page.get_by_label("Headers").fill("Authorization: Basic bm9ib2R5Om5vdGhpbmc=")
    page.get_by_label("Sender", exact=True).select_option("databricks")
    page.get_by_role("button", name="Test it").click()
    expect(verdict).to_contain_text("Refused with 401")
    assert app.get("/api/summary")["total_tickets"] == before


def test_a_status_of_jira_is_given_a_meaning_and_loses_it(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("400 PUT .*/api/jira-statuses")
    name = f"Waiting / {uuid4().hex[:6]}?"
    page = page_as("admin")
    page.goto("/admin/jira-statuses")
    page.get_by_label("Name of the status in Jira").fill("x" * 101)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("1 to 100 printable characters")
    page.get_by_label("Name of the status in Jira").fill(name)
    page.get_by_label("It means").select_option("acknowledged")
    page.get_by_role("button", name="Give it this meaning").press("Enter")
    expect(row(page, "Statuses with a meaning of their own", name)).to_contain_text("Acknowledged")
    assert {"name": name, "status": "acknowledged"} in app.get("/api/jira-statuses")["items"]
    page.get_by_role("button", name=f"Remove {name}").press("Enter")
    expect(page.get_by_role("row", name=name)).to_have_count(0)


def test_roles_are_changed_and_the_last_admin_stays_one(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("409 PATCH .*/api/users/", "401 .*/api/")
    email = f"tom-{uuid4().hex[:8]}@example.com"
    app.make_account(email, role="operator")
    page = page_as("admin")
    page.goto("/admin/users")
    account = row(page, "Accounts", email)

    def choose(action: str, whom: str = email) -> None:
        page.get_by_role("button", name=f"More about {whom}").press("Enter")
        page.get_by_role("menuitem", name=action).press("Enter")

    choose("Change the role")
    page.get_by_role("radio", name=re.compile("^viewer")).check()
    page.get_by_role("button", name="Give the role").click()
    expect(account).to_contain_text("viewer")
    choose("Disable")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(account).to_contain_text("disabled")
    assert app.sign_in(email).status_code == 403
    choose("Enable")
    page.get_by_role("dialog").get_by_role("button", name="Enable").click()
    expect(account).to_contain_text("active")
    expect(page.get_by_role("button", name=f"More about {email}")).to_be_focused()
    choose("Let them set a new password")
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("[data-secret]")).to_contain_text(f"email={email.replace('@', '%40')}")

    # Admins that other tests made are out of the way; the one who is left cannot lock everybody out.
    with app.client() as client:
        others = [one for one in app.get("/api/users", limit=200)["items"] if one["role"] == "admin"]
        for one in others:
            if one["email"] != "admin@example.com":
                client.patch(f"/api/users/{one['id']}", json={"role": "viewer"})
    page.reload()
    choose("Disable", "admin@example.com")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("This is the last active admin")
    page.keyboard.press("Escape")
    expect(row(page, "Accounts", "admin you admin@example.com")).to_contain_text("active")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_is_no_admin_is_offered_nothing_of_it(page_as: Visitors, role: str) -> None:
    page = page_as(role)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/admin/users")
    expect(page.get_by_role("heading", name="This is for admins")).to_be_visible()
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    assert not [url for url in asked if "/api/users" in url or "/api/invitations" in url]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_can_be_read_by_everybody(app: App, storage: Storage, page_as: Visitors, scheme: str) -> None:
    name = "w" * 120 + uuid4().hex[:8]
    dead(storage, report(app, name))
    with app.client() as client:
        client.post("/api/owners", json={"pattern": name[20:], "team": "x" * 150})
        client.post("/api/invitations", json={"email": f"{'y' * 60}@example.com"})
    page = page_as("admin", width=360, color_scheme=scheme)
    for part in PARTS:
        page.goto(f"/admin/{part}")
        expect(page.get_by_role("main").get_by_role("heading", level=2).first).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        assert axe(page) + too_wide(page) == [], part
    page.get_by_role("link", name="Owners").click()
    page.get_by_role("button", name="Add a rule").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) + too_wide(page) == []
