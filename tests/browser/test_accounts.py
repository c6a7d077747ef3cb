"""How people come in, and what they do with their own account."""

import re
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.app import ADMIN_EMAIL, PASSWORD, App, wait_for
from tests.support.browser import Visitors, axe, too_wide
from tests.support.failures import report

ANOTHER_PASSWORD = "-".join(("copper", "meadow", "whistle", "28"))

# A stranger's page asks who they are.
STRANGER = "401 GET .*/api/me"


def an_address() -> str:
    return f"ann-{uuid4().hex[:8]}@example.com"


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def expect_tickets(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Tickets by status")).to_be_visible()


def test_who_asks_for_an_account_is_approved_and_comes_in(page_as: Visitors, tolerate: Callable[..., None]) -> None:
    tolerate(STRANGER, "400 POST .*/api/register", "401 POST .*/api/login")
    email = an_address()
    page = page_as(extra_http_headers={"X-Forwarded-For": "203.0.113.7"})
    page.goto("/tickets?severity=High")
    page.get_by_role("link", name="Ask for an account").click()
    expect(page.get_by_text("At least 12 characters")).to_be_visible()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Name").fill("Ann <b>Lee</b>")
    page.get_by_label("Password").fill("quiet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("A password has at least 12 characters")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("An admin has to approve the account")
    page.get_by_role("link", name="To the sign-in").click()
    sign_in(page, email)
    expect(page.get_by_role("alert")).to_contain_text("an admin has not approved the account yet")

    admin = page_as("admin")
    admin.goto("/admin/users")
    waiting = admin.get_by_role("table", name="Accounts that wait").get_by_role("row", name=email)
    expect(waiting).to_contain_text("Ann <b>Lee</b>")
    admin.get_by_role("button", name=f"Approve {email}").press("Enter")
    admin.get_by_role("radio", name=re.compile("^operator")).check()
    admin.keyboard.press("Enter")
    expect(admin.get_by_text(f"{email} may sign in")).to_be_visible()
    expect(waiting).to_have_count(0)
    expect(admin.get_by_role("table", name="Accounts", exact=True).get_by_role("row", name=email)).to_contain_text(
        "operator"
    )

    page.keyboard.press("Enter")
    expect_tickets(page)
    page.goto("/account")
    expect(page.get_by_role("heading", name="Ann <b>Lee</b>")).to_be_visible()
    expect(page.get_by_text("Work on tickets and judge diagnoses")).to_be_visible()
    expect(page.get_by_text("give roles")).to_have_count(0)


def test_an_invitation_leads_from_its_link_into_the_app(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate(STRANGER, "403 POST .*/api/register", "400 POST .*/api/invitations")
    email = an_address()
    admin = page_as("admin")
    admin.goto("/admin/users")
    admin.get_by_role("button", name="Invite somebody").press("Enter")
    admin.get_by_label("E-mail address").fill(email)
    admin.get_by_role("radio", name=re.compile("^operator")).check()
    admin.get_by_label("Days that the link is good").fill("400")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("dialog").get_by_role("alert")).to_contain_text("from 1 to 30")
    admin.get_by_label("Days that the link is good").fill("3")
    admin.keyboard.press("Enter")
    link = admin.locator("[data-secret]").inner_text()
    pending = admin.get_by_role("table", name="Open invitations").get_by_role("row", name=email)
    expect(pending).to_contain_text("operator")
    expect(admin.get_by_role("button", name="Invite somebody")).to_be_focused()

    page = page_as()
    page.goto(link)
    expect(page.get_by_role("heading", name="You are invited")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You can sign in now")
    page.get_by_role("link", name="To the sign-in").click()
    sign_in(page, email)
    expect_tickets(page)
    unwanted = an_address()
    with app.client() as client:
        secret = client.post("/api/invitations", json={"email": unwanted}).json()["invitation"]
    admin.reload()
    expect(admin.get_by_role("table", name="Accounts", exact=True).get_by_role("row", name=email)).to_contain_text(
        "active"
    )
    expect(pending).to_have_count(0)

    # A link serves once, and never once it is withdrawn.
    again = page_as()
    again.goto(link)
    again.get_by_label("Password").fill(ANOTHER_PASSWORD)
    again.keyboard.press("Enter")
    expect(again.get_by_role("alert")).to_contain_text("This needs an invitation for this very address")
    admin.get_by_role("button", name=f"Withdraw the invitation of {unwanted}").press("Enter")
    admin.get_by_role("dialog").get_by_role("button", name="Withdraw").press("Enter")
    expect(admin.get_by_text("None is open.").or_(admin.get_by_role("table", name="Open invitations"))).to_be_visible()
    expect(admin.get_by_role("row", name=unwanted)).to_have_count(0)
    again.goto(f"/register?{urlencode({'invitation': secret, 'email': unwanted})}")
    again.get_by_label("Password").fill(PASSWORD)
    again.keyboard.press("Enter")
    expect(again.get_by_role("alert")).to_contain_text("This needs an invitation for this very address")


def test_wrong_passwords_are_told_and_then_must_wait(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate(STRANGER, "(401|429) POST .*/api/login")
    email = an_address()
    app.make_account(email)
    page = page_as(extra_http_headers={"X-Forwarded-For": "203.0.113.8"})
    page.goto("/admin/owners")

    def answer_to(password: str) -> int:
        with page.expect_response("**/api/login") as answer:
            sign_in(page, email, password)
        return answer.value.status

    assert answer_to("not this one, no") == 401
    expect(page.get_by_role("alert")).to_contain_text("password is wrong")
    wait_for(lambda: answer_to("not this one, no") == 429, "so many wrong passwords that one must wait")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Too many tries failed\. Try again in \d+ s\."))
    wait_for(lambda: answer_to(PASSWORD) == 200, "the wait to be over")
    expect(page.get_by_role("heading", name="This is for admins")).to_be_visible()


def test_one_changes_the_password_and_signs_out(app: App, page_as: Visitors, tolerate: Callable[..., None]) -> None:
    tolerate(STRANGER, "(400|403) POST .*/api/password")
    email = an_address()
    app.make_account(email)
    page = page_as()
    page.goto("/account")
    sign_in(page, email)
    for old, new, refusal in (
        ("not this one, no", ANOTHER_PASSWORD, "The old password is wrong."),
        (PASSWORD, email, "made of your own name or address"),
    ):
        page.get_by_label("Password so far").fill(old)
        page.get_by_label("New password").fill(new)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(refusal)
    page.get_by_label("New password").fill(ANOTHER_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Password changed")
    assert app.sign_in(email).status_code == 401
    assert app.sign_in(email, ANOTHER_PASSWORD).status_code == 200
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_token_is_shown_once_reads_and_is_revoked(app: App, page_as: Visitors) -> None:
    page = page_as("operator")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/account")
    name = f"report {uuid4().hex[:6]}"
    page.get_by_role("button", name="Make a token").press("Enter")
    expect(page.get_by_label("Reads as").get_by_role("option")).to_have_text(["viewer", "operator"])
    page.get_by_label("What it is for").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy the token").click()
    token = page.locator("[data-secret]").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == token
    row = page.get_by_role("table", name="Your tokens").get_by_role("row", name=name)
    expect(row).to_contain_text(f"{token[:12]}…viewernever")

    def read() -> httpx.Response:
        with app.stranger(headers={"Authorization": f"Bearer {token}"}) as script:
            return script.get("/api/tickets")

    assert read().status_code == 200
    page.reload()
    expect(row).not_to_contain_text("never")
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("button", name=f"Revoke {name}").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").press("Enter")
    expect(row).to_contain_text("revoked")
    expect(page.get_by_role("region", name="Tokens for scripts")).to_be_focused()
    assert read().status_code == 401


def test_a_session_that_ends_loses_neither_the_place_nor_what_was_typed(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate(STRANGER, "401 .*/api/")
    email = an_address()
    identifier = app.make_account(email, role="admin")
    page = page_as()
    page.goto("/admin/owners")
    sign_in(page, email)
    pattern = f"typed_{uuid4().hex[:6]}"
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Pattern").fill(pattern)
    page.get_by_label("Team").fill("Harbour")
    with app.client() as admin:
        admin.delete(f"/api/users/{identifier}/sessions")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(pattern)).to_have_count(0)
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Pattern")).to_have_value(pattern)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("table", name="Rules").get_by_role("row", name=pattern)).to_contain_text("Harbour")
    expect(page).to_have_url(re.compile("/admin/owners$"))


def test_the_end_of_a_session_shows_on_a_quiet_page_and_with_the_next_news(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate(STRANGER, "401 .*/api/", "net::ERR_.*negotiate")
    email = an_address()
    identifier = app.make_account(email)
    page = page_as()
    page.clock.install()
    page.goto("/audit")
    sign_in(page, email)
    for what_happens in (lambda: page.clock.fast_forward("03:00"), lambda: report(app, f"dag_{uuid4().hex[:8]}")):
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        with app.client() as admin:
            admin.delete(f"/api/users/{identifier}/sessions")
        what_happens()
        expect(page.get_by_text("Your session has ended")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()

    # Whoever signs out then is out.
    with app.client() as admin:
        admin.delete(f"/api/users/{identifier}/sessions")
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Your session has ended")).to_have_count(0)


def test_the_next_person_finds_nothing_that_the_one_before_typed(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate(STRANGER, "401 .*/api/")
    ticket_id = report(app, f"dag_{uuid4().hex[:8]}")
    first, second = an_address(), an_address()
    identifier = app.make_account(first, role="operator")
    app.make_account(second, role="operator")
    page = page_as()
    page.goto(f"/tickets/{ticket_id}")
    sign_in(page, first)
    note = page.get_by_label("Note", exact=True)
    note.fill("my own thoughts")
    with app.client() as admin:
        admin.delete(f"/api/users/{identifier}/sessions")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    sign_in(page, second)
    expect(page.get_by_role("button", name=f"Account of {second.split('@')[0]}")).to_be_visible()
    expect(note).to_have_value("")
    assert app.ticket(ticket_id)["status"] == "open"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forms_and_account_can_be_read_by_everybody(
    page_as: Visitors, tolerate: Callable[..., None], scheme: str
) -> None:
    tolerate(STRANGER, "401 POST .*/api/login", "403 POST .*/api/register")
    stranger = page_as(width=360, color_scheme=scheme)
    stranger.goto("/")
    sign_in(stranger, "x" * 60 + "@example.com", "wrong")
    expect(stranger.get_by_role("alert")).to_be_visible()
    assert axe(stranger) + too_wide(stranger) == []
    stranger.goto("/register?invitation=abc")
    sign_in(stranger, ADMIN_EMAIL, "short")
    expect(stranger.get_by_role("alert")).to_contain_text("This needs an invitation")
    assert axe(stranger) + too_wide(stranger) == []
    page = page_as("viewer", width=360, color_scheme=scheme)
    page.goto("/account")
    expect(page.get_by_role("heading", name="Tokens for scripts")).to_be_visible()
    assert axe(page) + too_wide(page) == []
