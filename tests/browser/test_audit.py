"""The audit trail, as people read it."""

import csv
import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.support.app import App
from tests.support.browser import Visitors, axe
from tests.support.failures import report

HOSTILE = "<img src=x onerror=alert(1)> \u202eevil\u202c [x](javascript:alert(1)) 🦊 " + "w" * 200


def noted(app: App, ticket_id: str, *notes: str) -> None:
    """An operator adds notes to a ticket."""
    with app.client("operator") as operator:
        for note in notes:
            version = operator.get(f"/api/tickets/{ticket_id}").json()["version"]
            answer = operator.patch(f"/api/tickets/{ticket_id}", json={"note": note, "version": version})
            assert answer.status_code == 200, answer.text


def open_trail(page: Page, search: str = "") -> None:
    page.goto(f"/audit{search}")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


def entries(page: Page) -> list[list[str]]:
    """Who, action, ticket, change and details of the entries shown."""
    return [row.locator("td").all_inner_texts()[1:6] for row in page.locator("[data-entry]").all()]


def test_the_trail_tells_who_did_what_and_a_link_shows_the_same(app: App, page_as: Visitors) -> None:
    ticket_id = report(app, f"dag_{uuid4().hex[:8]}")
    noted(app, ticket_id, HOSTILE)
    with app.client("operator") as operator:
        version = app.ticket(ticket_id)["version"]
        operator.patch(f"/api/tickets/{ticket_id}", json={"status": "acknowledged", "version": version})

    page = page_as("viewer")
    open_trail(page)
    page.get_by_label("Ticket", exact=True).fill(ticket_id)
    page.keyboard.press("Enter")
    expect(page.locator("[data-entry]")).to_have_count(3)
    assert [entry[:4] for entry in entries(page)] == [
        ["operator@example.com", "Ticket Acknowledged", ticket_id, "Open → Acknowledged"],
        ["operator@example.com", "Note Added", ticket_id, ""],
        ["assistant", "Ticket Created", ticket_id, "Open"],
    ]
    assert entries(page)[1][4] == HOSTILE
    expect(page.locator("main img, main script, main a[href^=javascript]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280

    options = page.locator("datalist").first.locator("option")
    assert {"Ticket Acknowledged", "Note Added", "Ticket Created"} <= {
        option.get_attribute("value") for option in options.all()
    }
    page.get_by_label("Action", exact=True).fill("Note Added")
    expect(page.locator("[data-entry]")).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"/audit\?action=Note\+Added&ticket_id={ticket_id}$"))
    other = page_as("viewer")
    open_trail(other, page.url.partition("/audit")[2])
    expect(other.locator("[data-entry]")).to_have_count(1)
    assert entries(other) == entries(page)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    with open(download.value.path(), newline="", encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert [(line["action"], line["ticket_id"]) for line in lines] == [("Note Added", ticket_id)]

    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile("/audit$"))
    page.get_by_label("Ticket", exact=True).fill(ticket_id)
    page.get_by_label(re.compile("^From")).fill("2100-01-01T01:00")
    page.keyboard.press("Enter")
    # The person's own zone; the address has UTC, so that it means the same to everybody.
    expect(page).to_have_url(re.compile("from=2100-01-01T00%3A00%3A00Z"))
    expect(page.get_by_role("heading", name="No entry matches these filters")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name=ticket_id).first.click()
    expect(page).to_have_url(re.compile(f"/tickets/{ticket_id}$"))


def test_accounts_are_in_the_trail_of_admins_alone(app: App, page_as: Visitors) -> None:
    report(app, f"dag_{uuid4().hex[:8]}")
    viewer, admin = page_as("viewer"), page_as("admin")
    open_trail(admin, "?action=Signed+In")
    expect(admin.locator("[data-entry]").first).to_contain_text("Signed In")
    expect(admin.get_by_text("accounts and settings")).to_be_visible()
    open_trail(viewer)
    expect(viewer.locator("[data-entry]").first).to_be_visible()
    assert all(entry[2] for entry in entries(viewer))
    expect(viewer.get_by_text("accounts")).to_have_count(0)


def test_new_entries_come_by_themselves_and_move_nothing_that_is_read(app: App, page_as: Visitors) -> None:
    ticket_id = report(app, f"dag_{uuid4().hex[:8]}")
    noted(app, ticket_id, *(f"note {number}" for number in range(12)))
    page = page_as("viewer", width=360, height=500)
    open_trail(page, f"?ticket_id={ticket_id}")
    read = page.get_by_text("note 4", exact=True)
    read.scroll_into_view_if_needed()
    page.evaluate("window.scrollBy(0, 150)")
    before = read.bounding_box()
    noted(app, ticket_id, "a late insight\nin two lines", "and one more")
    expect(page.locator("[data-entry]")).to_have_count(15)
    assert before == read.bounding_box()
    page.evaluate("window.scrollTo(0, 0)")
    noted(app, ticket_id, "seen at once")
    expect(page.locator("[data-entry]").first).to_contain_text("seen at once")
    assert page.evaluate("window.scrollY") == 0


def test_older_entries_are_read_as_one_gets_there(app: App, page_as: Visitors) -> None:
    ticket_id = report(app, f"dag_{uuid4().hex[:8]}")
    noted(app, ticket_id, *(f"note {number}" for number in range(11)))
    page = page_as("viewer", width=360, height=500)
    page.route("**/api/audit*", lambda route: route.continue_(url=route.request.url.replace("limit=100", "limit=5")))
    open_trail(page, f"?ticket_id={ticket_id}")
    expect(page.locator("[data-entry]").first).to_contain_text("note 10")
    page.wait_for_function(
        """() => {
          window.scrollTo(0, document.body.scrollHeight);
          return document.querySelectorAll("[data-entry]").length >= 12;
        }"""
    )
    expect(page.get_by_text("This is where it begins.")).to_be_visible()
    assert [entry[4] for entry in entries(page)][:-1] == [f"note {number}" for number in reversed(range(11))]
    # A filter that nothing on the newest page meets does not read all of the past by itself.
    page.route("**/api/audit*", lambda route: route.fulfill(json={"items": [], "next_cursor": "e30"}))
    page.get_by_label("Who", exact=True).fill("nobody@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="None of the entries looked through so far matches")).to_be_visible()
    page.unroute_all()
    page.route("**/api/audit*", lambda route: route.fulfill(json={"items": [], "next_cursor": None}))
    page.get_by_role("button", name="Look for older entries").click()
    expect(page.get_by_role("heading", name="No entry matches these filters")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_read_it(app: App, page_as: Visitors, scheme: str, width: int) -> None:
    ticket_id = report(app, f"dag_{uuid4().hex[:8]}")
    noted(app, ticket_id, "x" * 1000)
    page = page_as("admin", color_scheme=scheme, width=width)
    open_trail(page, f"?ticket_id={ticket_id}")
    expect(page.locator("[data-entry]")).to_have_count(2)
    assert "x" * 1000 not in page.locator("[data-entry]").first.inner_text()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("[data-entry]").first).to_contain_text("x" * 1000)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
