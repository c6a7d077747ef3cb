"""The page of a ticket, as those see it who are woken by it."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from devhost.azurite import Azurite
from rca_core.foundation.failure import Link
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters
from tests.support.app import App
from tests.support.browser import Visitors, axe
from tests.support.explained import COMMAND, QUOTE, explain, failed_task, log_with_quote

Tolerate = Callable[..., None]

MARKUP = "<img src=x onerror='window.ran = true'><script>window.ran = true</script>"
HOSTILE = f"{MARKUP}\u202eesrever\u202c \U0001f525\U0001f468\u200d\U0001f680 {'x' * 5_000}"
BUTTONS = ("Acknowledge", "In progress", "Reopen", "Add note", "Right", "Partly right", "Wrong", "Send once more")

# How long the page did not listen, at the longest, in ms.
WATCH_LONG_TASKS = """() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: "longtask" });
}"""
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def storage(azurite: Azurite) -> Storage:
    """The app's storage."""
    return Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)


def opened(page: Page, ticket_id: str, place: str = "") -> Page:
    page.goto(f"/tickets/{ticket_id}{place}")
    expect(page.get_by_role("heading", name="Cause", exact=True)).to_be_visible()
    return page


def section(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def line(page: Page, number: int) -> Locator:
    return page.locator(f"[data-line='{number}']")


def changed(app: App, ticket_id: str, **change: str) -> None:
    """The admin changes the ticket elsewhere."""
    with app.client() as client:
        version = app.ticket(ticket_id)["version"]
        assert client.patch(f"/api/tickets/{ticket_id}", json={"version": version, **change}).status_code == 200


def test_it_says_why_how_sure_and_what_to_do_and_each_quote_leads_to_its_very_line(
    app: App, storage: Storage, page_as: Visitors
) -> None:
    ticket_id = failed_task(app)
    explain(storage, ticket_id, log_with_quote(5_000, 4_321), line=4_321)
    page = page_as("operator", permissions=["clipboard-read", "clipboard-write"])
    page.goto("/tickets?severity=Medium")
    opened(page, ticket_id)
    expect(page).to_have_title(re.compile("Medium: Task nightly_orders"))
    for title, texts in {
        "Cause": [
            "ran out of memory on the driver",
            "attempt 2",
            "70 %",
            "Likely",
            "0.35 the quote carries",
            "Google Gemini",
            "stood up",
        ],
        "Evidence": [QUOTE, "E1", "The driver's heap was full."],
        "Causes weighed": [
            "Loader.collect",
            "Speaks for it: E1. Against it: E2.",
            "Wrong if: The heap was far from full",
        ],
        "Checks": [
            "driver's heap in the minutes before",
            "event log could not be read",
            "Of 3 quotes that the model gave, 2 stood up",
            "E3: The quote stands in no document.",
        ],
        "Seen before": ["3 times", "ann@example.com", "Gave the driver 32 GB."],
        "Owner": ["Unknown", "No rule of the ownership table"],
        "Timeline": ["Ticket Created", "Diagnosis Updated", "the assistant"],
    }.items():
        for text in texts:
            expect(section(page, title)).to_contain_text(text)
    expect(section(page, "What to do").get_by_role("link")).to_have_attribute(
        "href", "https://adb-1.azuredatabricks.net/jobs/7/runs/77"
    )
    section(page, "What to do").get_by_role("button", name="Copy the command").click()
    assert page.evaluate("navigator.clipboard.readText()") == COMMAND

    quote = section(page, "Evidence").get_by_role("link", name="D2 line 4321")
    quote.click()
    expect(line(page, 4_321)).to_be_in_viewport()
    expect(line(page, 4_321)).to_contain_text(QUOTE)
    expect(page.locator("[data-chosen]")).to_have_count(1)
    assert page.url.endswith("#D2:4321")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html[data-theme=dark]")).to_be_attached()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(quote).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/tickets\?severity=Medium$"))

    opened(page, ticket_id, "#D2:4320-4321")
    expect(line(page, 4_321)).to_be_in_viewport()
    expect(page.locator("[data-chosen]")).to_have_count(2)
    page.get_by_role("button", name="Copy the lines").click()
    assert page.evaluate("navigator.clipboard.readText()").split("\n")[1].endswith(QUOTE)
    search = page.get_by_label("Search in the log")
    search.fill("EXECUTOR 77 ")
    expect(page.locator("[data-current]")).to_have_text("executor 77 ")
    expect(line(page, 77)).to_be_in_viewport()
    search.fill("part 43")
    found = page.get_by_role("status").filter(has_text="of 110")
    at = int(found.inner_text().split()[0])
    search.press("Enter")
    expect(found).to_have_text(f"{at + 1} of 110")
    search.press("Shift+Enter")
    expect(found).to_have_text(f"{at} of 110")

    # Lines that paper does not show once made the page draw all of them; how far the log was scrolled decided.
    for words in ("executor 77 ", "part 43", "executor 4999 "):
        search.fill(words)
        expect(page.locator("[data-current]")).to_have_text(words)
        page.emulate_media(media="print")
        expect(section(page, "Timeline")).to_be_visible()
        expect(page.locator("button:visible, textarea:visible, [data-lines]:visible")).to_have_count(0)
        page.emulate_media(media="screen")
        expect(search).to_be_visible()


def test_who_was_overtaken_reads_by_whom_keeps_the_note_and_may_insist(
    app: App, page_as: Visitors, tolerate: Tolerate
) -> None:
    ticket_id = failed_task(app)
    page = page_as("operator")
    tolerate("POST .*/api/negotiate", "409 PATCH .*/api/tickets/")
    # Nobody tells this page what happens; it asks every 15 seconds.
    page.route("**/api/negotiate*", lambda route: route.abort())
    opened(page, ticket_id)
    note = page.get_by_label("Note", exact=True)
    note.fill("looking at it, ann")
    changed(app, ticket_id, status="acknowledged", note="raised the connection limit")
    page.get_by_role("button", name="In progress").click()
    notice = page.get_by_role("alert")
    for text in (
        "Somebody was faster",
        "admin@example.com",
        "Ticket Acknowledged",
        "Open → Acknowledged",
        "raised the connection limit",
    ):
        expect(notice).to_contain_text(text)
    expect(note).to_have_value("looking at it, ann")
    assert app.ticket(ticket_id)["status"] == "acknowledged"
    notice.get_by_role("button", name="In progress all the same").click()
    expect(notice).to_have_count(0)
    expect(note).to_have_value("")
    expect(section(page, "Timeline").get_by_role("listitem").first).to_contain_text("looking at it, ann")
    last = app.ticket(ticket_id)["audit"][-1]
    assert (last["user"], last["old"], last["new"]) == ("operator@example.com", "acknowledged", "in_progress")


def test_what_the_app_notes_by_itself_is_in_nobody_s_way(
    app: App, storage: Storage, page_as: Visitors, tolerate: Tolerate
) -> None:
    ticket_id = failed_task(app)
    page = page_as("operator")
    tolerate("POST .*/api/negotiate", "409 PATCH .*/api/tickets/")
    page.route("**/api/negotiate*", lambda route: route.abort())
    opened(page, ticket_id)
    explain(storage, ticket_id, "out of memory", line=1)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged by operator@example.com")).to_be_visible()
    expect(section(page, "Cause")).to_contain_text("ran out of memory")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_changes_show_at_once_and_take_nothing_away_from_who_reads(app: App, page_as: Visitors) -> None:
    ticket_id = failed_task(app)
    viewer, operator = page_as("viewer"), page_as("operator")
    for page in (viewer, operator):
        opened(page, ticket_id)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for name in BUTTONS:
        expect(viewer.get_by_role("button", name=name, exact=True)).to_have_count(0)
    viewer.keyboard.press("a")
    expect(viewer.get_by_role("textbox")).to_have_count(0)
    operator.get_by_label("Note", exact=True).fill("half a sent")
    operator.get_by_text("Affected (").click()
    place = "document.scrollingElement.scrollTop + document.body.scrollTop"
    operator.mouse.wheel(0, 300)
    operator.wait_for_function(f"{place} > 0")
    scrolled = operator.evaluate(place)

    changed(app, ticket_id, status="in_progress", note="on it <b>now</b>")
    for page in (viewer, operator):
        expect(page.get_by_text("Changed just now")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="on it <b>now</b>").first).to_contain_text(
            "Open → In progress"
        )
    expect(operator.get_by_label("Note", exact=True)).to_have_value("half a sent")
    expect(operator.get_by_role("definition").filter(has_text="nightly_orders").nth(1)).to_be_visible()
    # What came in above moved what is read by no more than its own height: the browser holds on to it.
    assert abs(operator.evaluate(place) - scrolled) < 200
    operator.get_by_role("button", name="Dismiss").click()
    expect(operator.get_by_text("Changed just now")).to_have_count(0)


def test_the_keys_act_with_a_note_and_never_while_somebody_types(app: App, page_as: Visitors) -> None:
    ticket_id = failed_task(app)
    page = opened(page_as("operator"), ticket_id)
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    expect(page.get_by_label("Which text")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("write what helped, then Ctrl+Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("p")
    note = page.get_by_label("Note", exact=True)
    expect(note).to_be_focused()
    page.keyboard.type("a parallel look")
    expect(note).to_have_value("a parallel look")
    page.keyboard.press("Control+Enter")
    expect(note).to_have_value("")
    assert app.ticket(ticket_id)["status"] == "in_progress"
    note.blur()
    page.keyboard.press("a")
    page.keyboard.type("raised the limit")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("What helped: raised the limit")).to_be_visible()
    said = section(page, "Was the diagnosis right?")
    said.get_by_label("What it really was").fill("a full disk")
    said.get_by_role("button", name="Wrong").click()
    expect(said.get_by_role("listitem")).to_contain_text("Wrong, says operator@example.com")
    expect(said.get_by_role("listitem")).to_contain_text("a full disk")
    note.blur()
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    page.get_by_label("Note", exact=True).blur()
    page.keyboard.press("l")
    expect(page.get_by_label("Lines of D1", exact=False)).to_be_focused()


def test_hostile_text_in_every_field_is_shown_as_text_and_breaks_no_layout(
    app: App, storage: Storage, page_as: Visitors
) -> None:
    fields = (
        "dag_id",
        "task_id",
        "run_id",
        "exception",
        "owner",
        "deployment",
        "log_url",
        "operator",
        "hostname",
        "logical_date",
    )
    long_line = "long " * 25_000
    ticket_id = failed_task(app, **{name: HOSTILE for name in fields} | {"exception": f"{HOSTILE}\n{long_line}"})
    links = (Link("run", "javascript:window.ran = true"), Link(MARKUP, "https://example.com/" + "x" * 3_000))
    explain(
        storage,
        ticket_id,
        f"{HOSTILE}\n{long_line}",
        line=1,
        links=links,
        cause=HOSTILE,
        recommendations=(f"`{HOSTILE}` {HOSTILE}",),
        missing=(HOSTILE,),
    )
    page = opened(page_as("operator", width=360), ticket_id)
    changed(app, ticket_id, status="acknowledged", note=HOSTILE[:3_000])
    expect(section(page, "Timeline")).to_contain_text("Ticket Acknowledged")
    expect(section(page, "Cause")).to_contain_text(MARKUP)
    page.get_by_text("Affected (").click()
    page.get_by_role("link", name="D2 line 1").click()
    expect(line(page, 1).first).to_contain_text(MARKUP)
    page.get_by_label("Which text").select_option("payload")
    expect(line(page, 1).first).to_contain_text("dag_id")
    page.get_by_text("Set out").click()
    expect(page.locator("[data-lines]").get_by_text('"run_id":')).to_be_visible()
    assert page.evaluate("window.ran") is None
    assert page.locator("main img, main script, main a[href^='javascript']").count() == 0
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    assert axe(page) == []


def test_ten_megabytes_and_lines_of_a_hundred_kilobytes_do_not_freeze_the_page(
    app: App, storage: Storage, page_as: Visitors
) -> None:
    ticket_id = failed_task(app)
    lines = log_with_quote(150_000, 149_000).split("\n")
    lines[74_999] = "wide " * 24_000 + "needle"
    log = "\n".join(lines)
    assert len(log) > 10_000_000
    explain(storage, ticket_id, log, line=149_000)
    page = opened(page_as("viewer"), ticket_id)
    page.evaluate(WATCH_LONG_TASKS)
    page.get_by_role("link", name="D2 line 149000").click()
    expect(line(page, 149_000)).to_be_in_viewport()
    page.get_by_label("Search in the log").fill("NEEDLE")
    expect(page.locator("[data-current]")).to_be_in_viewport()
    expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
    page.get_by_label("Search in the log").fill("part 149")
    expect(page.get_by_text("of 1,110", exact=False)).to_be_visible()
    page.get_by_text("Wrap", exact=True).click()
    expect(page.locator("[data-current]")).to_be_in_viewport()
    assert page.locator("[data-line]").count() < 150
    longest = page.evaluate("window.longest")
    print(f"the longest task: {longest:.0f} ms")
    assert longest < 1_000


def test_who_may_sends_once_more_what_was_not_delivered(app: App, storage: Storage, page_as: Visitors) -> None:
    ticket_id = failed_task(app)
    message = json.dumps({"ticket_id": ticket_id}).encode()
    dead_letters.record(storage, Queue.JIRA_UPDATES, message, state="dead", reason="Jira answered 401.", tries=1)
    operator, admin = opened(page_as("operator"), ticket_id), opened(page_as("admin"), ticket_id)
    for page in (operator, admin):
        expect(page.get_by_text("Jira is behind the ticket")).to_be_visible()
        expect(page.get_by_text("Jira answered 401.")).to_be_visible()
    expect(operator.get_by_role("button", name="Send once more")).to_have_count(0)
    admin.get_by_role("button", name="Send once more").click()
    expect(admin.get_by_text("Sent once more")).to_be_visible()
    expect(admin.get_by_text("Jira is behind the ticket")).to_have_count(0)


def test_what_is_not_there_or_cannot_be_had_is_said(app: App, page_as: Visitors, tolerate: Tolerate) -> None:
    tolerate("(404|500) GET .*/api/tickets/")
    page = page_as("viewer")
    page.goto("/tickets/ADF-20251210T123456-abc123")
    expect(page.get_by_role("heading", name="There is no such ticket")).to_be_visible()
    ticket_id = failed_task(app)
    opened(page, ticket_id, "#D9:3")
    expect(page.get_by_text("This ticket has no text D9.")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    problem = {"title": "Trouble", "status": 500, "detail": "A fault of ours.", "request_id": "r1"}
    page.route(f"**/api/tickets/{ticket_id}", lambda route: route.fulfill(status=500, json=problem))
    changed(app, ticket_id, note="hello")
    expect(page.get_by_text("This is how the ticket was at")).to_be_visible()
    expect(page.get_by_text("A fault of ours.")).to_be_visible()
    expect(section(page, "Cause")).to_be_visible()
