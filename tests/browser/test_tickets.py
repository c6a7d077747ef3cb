"""The list of tickets, as people see and work it."""

import gzip
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.support.app import App
from tests.support.browser import Visitors, axe
from tests.support.failures import report, report_critical

SCRIPT_BUDGET_BYTES = 200 * 1024


def a_name() -> str:
    return f"dag_{uuid4().hex[:8]}"


def rows(page: Page) -> list[str]:
    """The names of the tickets in view, first row first."""
    return [text.split("/")[0] for text in page.locator("td[data-column=pipeline]").all_inner_texts()]


def open_list(page: Page, search: str = "") -> None:
    page.goto(f"/tickets{search}")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


def test_tabs_filters_and_sorting_are_in_the_address_so_a_link_shows_the_same_list(app: App, page_as: Visitors) -> None:
    name = a_name()
    quick = report(app, f"{name}_a", "Read timed out")
    bad = report(app, f"{name}_b", "java.lang.OutOfMemoryError: Java heap space")
    done = report(app, f"{name}_c", "Read timed out")
    with app.client() as admin:
        admin.patch(f"/api/tickets/{done}", json={"status": "acknowledged", "version": app.ticket(done)["version"]})

    page = page_as("viewer")
    open_list(page)
    page.keyboard.press("/")
    page.keyboard.type(name)
    expect(page.locator("[data-ticket]")).to_have_count(2)
    page.get_by_label("Severity", exact=True).select_option("High")
    expect(page.locator("[data-ticket]")).to_have_count(1)
    assert rows(page) == [f"{name}_b"]
    page.get_by_role("button", name="Clear").click()
    page.get_by_label(re.compile("^Search")).fill(name)
    expect(page).to_have_url(re.compile(f"q={name}"))
    page.get_by_role("button", name=re.compile("^All")).click()
    expect(page.locator("[data-ticket]")).to_have_count(3)
    page.get_by_role("button", name="Severity").click()
    expect(page.get_by_role("columnheader", name="Severity")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("[data-ticket]").first).to_have_attribute("data-ticket", bad)

    other = page_as("viewer")
    other.goto(page.url)
    expect(other.locator("[data-ticket]").first).to_have_attribute("data-ticket", bad)
    assert rows(other) == rows(page)
    expect(other.locator(f"[data-ticket='{quick}']")).to_be_visible()

    page.get_by_label(re.compile("^Search")).fill("nothing is called like this")
    expect(page.get_by_role("heading", name="No ticket matches these filters")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("[data-ticket]").first).to_be_visible()


def test_the_keyboard_is_enough_to_find_open_and_acknowledge_a_ticket(app: App, page_as: Visitors) -> None:
    name = a_name()
    older, newer = report(app, name), report(app, name)
    page = page_as("operator")
    open_list(page, f"?q={name}")
    expect(page.locator("[data-ticket]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"[data-ticket='{newer}']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"[data-ticket='{older}']")).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator(f"[data-ticket='{older}']")).to_have_count(0)
    assert app.ticket(older)["ack_user"] == "operator@example.com"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"[data-ticket='{older}']")).to_be_visible()
    assert app.ticket(older)["status"] == "open"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tickets/ARF-"))
    page.go_back()
    expect(page.locator("[data-ticket]")).to_have_count(2)


def test_one_works_on_from_where_one_is_and_undo_leads_back_to_where_the_ticket_was(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("409 PATCH .*/api/tickets/")
    name = a_name()
    oldest, middle, newest = [report(app, name) for _ in range(3)]
    with app.client("operator") as operator:
        version = app.ticket(middle)["version"]
        operator.patch(f"/api/tickets/{middle}", json={"status": "in_progress", "version": version})
    page = page_as("operator")
    open_list(page, f"?q={name}&status=unresolved")
    expect(page.locator("[data-ticket]")).to_have_count(3)
    page.locator(f"[data-ticket='{middle}']").focus()
    # As if the app had noted something on the ticket just before: people need not hear of it.
    refused = {"title": "Conflict", "status": 409, "detail": "It changed meanwhile.", "request_id": "r1"}
    page.route(
        "**/api/tickets/*",
        lambda route: route.fulfill(status=409, json=refused) if route.request.method == "PATCH" else route.continue_(),
        times=1,
    )
    page.keyboard.press("a")
    expect(page.locator("[data-ticket]")).to_have_count(2)
    expect(page.locator(f"[data-ticket='{oldest}']")).to_be_focused()
    expect(page.get_by_text("Somebody was faster")).to_have_count(0)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-ticket='{middle}']")).to_be_visible()
    expect(page).to_have_url(re.compile(f"q={name}"))
    assert app.ticket(middle)["status"] == "in_progress"
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-ticket]:focus")).to_have_count(1)
    assert rows(page) == [name] * 3 and app.ticket(newest)["status"] == "open"


def test_older_tickets_stay_when_the_newest_page_has_none_that_match(app: App, page_as: Visitors) -> None:
    name = a_name()
    older = report(app, name)
    page = page_as("viewer")
    # As where a search meets nothing among the newest tickets: an empty page, with what is older behind its cursor.
    page.route(
        re.compile(r"/api/tickets\?(?!.*cursor)"), lambda route: route.fulfill(json={"items": [], "next_cursor": "e30"})
    )
    page.route(
        re.compile(r"/api/tickets\?.*cursor"),
        lambda route: route.continue_(url=route.request.url.replace("&cursor=e30", "")),
    )
    open_list(page, f"?q={name}")
    page.get_by_role("button", name="Load older tickets").click()
    expect(page.locator(f"[data-ticket='{older}']")).to_be_visible()
    with page.expect_response(re.compile(r"/api/tickets\?(?!.*cursor)")):
        report(app, a_name())
    # One reading at a time: the next begins when that answer was taken in.
    with page.expect_response("**/api/tickets?*"):
        report(app, a_name())
    expect(page.locator(f"[data-ticket='{older}']")).to_be_visible()


def test_a_viewer_is_not_offered_to_acknowledge(app: App, page_as: Visitors) -> None:
    ticket = report(app, a_name())
    page = page_as("viewer")
    open_list(page)
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.url) if request.method == "PATCH" else None)
    row = page.locator(f"[data-ticket='{ticket}']")
    row.focus()
    expect(row).to_have_attribute("aria-selected", "true")
    page.keyboard.press("a")
    # Keys are taken in turn: once this one opened the ticket, the one before would have sent its change.
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(ticket))
    assert changes == []
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    assert app.ticket(ticket)["status"] == "open"


def test_two_people_see_each_others_changes_within_a_second(app: App, page_as: Visitors) -> None:
    name = a_name()
    ticket = report(app, name)
    ann, tom = page_as("operator"), page_as("viewer")
    for page in (ann, tom):
        open_list(page, f"?q={name}")
        expect(page.locator("[data-ticket]")).to_have_count(1)
    ann.keyboard.press("ArrowDown")
    ann.evaluate("addEventListener('keydown', () => (window.pressedAt = Date.now()), {once: true, capture: true})")
    tom.evaluate(
        """(id) => {
          window.goneAt = new Promise((gone) => {
            const look = () => document.querySelector(`[data-ticket="${id}"]`) || gone(Date.now());
            new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
          });
        }""",
        ticket,
    )
    ann.keyboard.press("a")
    expect(tom.locator(f"[data-ticket='{ticket}']")).to_have_count(0)
    took = tom.evaluate("window.goneAt") - ann.evaluate("window.pressedAt")
    print(f"from one person's key to the other's screen: {took} ms")
    # The aim is a second; the rest is what other tests take of the machine meanwhile.
    assert took < 3000
    another = report(app, name)
    expect(tom.locator(f"[data-ticket='{another}']")).to_be_visible()


def test_what_somebody_reads_stays_where_it_is_when_new_tickets_come(app: App, page_as: Visitors) -> None:
    name = a_name()
    with app.sender() as sender:
        for number in range(60):
            body = {"dag_id": name, "task_id": "load", "run_id": str(number), "exception": "Read timed out"}
            last = sender.post("/airflow-monitor", json=body).json()["ticket_id"]
    app.ticket(last)
    page = page_as("viewer")
    open_list(page, f"?q={name}")
    page.mouse.wheel(0, 1200)
    page.wait_for_function("() => window.scrollY > 600")
    middle = page.evaluate("document.elementFromPoint(200, 400).closest('[data-ticket]').dataset.ticket")
    where = page.locator(f"[data-ticket='{middle}']")
    before = where.bounding_box()
    newest = report(app, name)
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "62")
    after = where.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    page.emulate_media(media="print")
    expect(page.get_by_text("Download as CSV has all")).to_be_visible()
    assert page.locator("tbody tr[aria-hidden]").evaluate_all("(all) => all.every((one) => one.clientHeight === 0)")
    page.emulate_media(media="screen")
    page.keyboard.press("Control+Home")
    expect(page.locator(f"[data-ticket='{newest}']")).to_be_visible()


def test_a_new_critical_ticket_is_called_out_on_every_page(app: App, page_as: Visitors) -> None:
    page = page_as("viewer")
    open_list(page)
    page.get_by_role("link", name="Overview").click()
    ticket = report_critical(app, a_name())
    notice = page.get_by_role("region", name="Notices")
    expect(notice.get_by_text("New critical ticket")).to_be_visible()
    notice.get_by_role("link", name="Open").click()
    expect(page).to_have_url(re.compile(ticket))


def test_without_live_updates_the_page_says_so_polls_and_comes_back(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("WebSocket", "ERR_FAILED", "negotiate")
    name = a_name()
    page = page_as("viewer")
    page.clock.install()
    open_sockets: list[WebSocketRoute] = []
    down = False

    def connect(socket: WebSocketRoute) -> None:
        if down:
            socket.close()
            return
        socket.connect_to_server()
        open_sockets.append(socket)

    page.route_web_socket(re.compile("/client/"), connect)
    open_list(page, f"?q={name}")
    badge = page.get_by_role("banner").get_by_role("status")
    down = True
    page.route("**/api/negotiate*", lambda route: route.abort())
    for socket in open_sockets:
        socket.close()
    expect(badge).to_have_text("Not live")
    missed = report(app, name)
    report_critical(app, name)
    page.clock.fast_forward(16_000)
    expect(page.locator(f"[data-ticket='{missed}']")).to_be_visible()
    expect(page.get_by_role("region", name="Notices").get_by_text("New critical ticket")).to_be_visible()
    down = False
    page.unroute("**/api/negotiate*")
    also_missed = report(app, name)
    page.clock.fast_forward(90_000)
    expect(badge).to_have_text("Live")
    expect(page.locator(f"[data-ticket='{also_missed}']")).to_be_visible()


def test_without_network_the_page_says_how_old_it_is(
    app: App, page_as: Visitors, tolerate: Callable[..., None]
) -> None:
    tolerate("ERR_INTERNET_DISCONNECTED", "WebSocket")
    report(app, a_name())
    page = page_as("viewer")
    open_list(page)
    page.context.set_offline(True)
    expect(page.get_by_text("No network")).to_be_visible()
    expect(page.locator("[data-ticket]").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("No network")).to_have_count(0)


def test_hostile_text_is_text_and_breaks_no_layout(app: App, page_as: Visitors) -> None:
    name = a_name()
    evil = f"{name}<img src=x onerror=document.title='owned'>\u202egnp.exe 😈" + "x" * 2000
    ticket = report(app, evil, "<script>document.title='owned'</script>" + "y" * 100_000)
    for width in (360, 1440):
        page = page_as("viewer", width=width)
        open_list(page, f"?q={name}")
        expect(page.locator(f"[data-ticket='{ticket}']")).to_contain_text("<img src=x")
        assert page.locator("td img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert "owned" not in page.title()


def test_the_list_as_a_file_has_the_same_filters(app: App, page_as: Visitors) -> None:
    name = a_name()
    report(app, name)
    page = page_as("viewer")
    open_list(page, f"?q={name}")
    page.get_by_text("View", exact=True).click()
    page.get_by_role("checkbox", name="Jira").check()
    expect(page.get_by_role("columnheader", name="Jira")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2 and name in lines[1]
    page.reload()
    expect(page.get_by_role("columnheader", name="Jira")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_everybody_can_use_the_list(app: App, page_as: Visitors, scheme: str, width: int) -> None:
    report(app, a_name())
    page = page_as("operator", width=width, color_scheme=scheme)
    open_list(page)
    expect(page.locator("[data-ticket]").first).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_list_needs_at_most_200_kb_of_script(app: App, page_as: Visitors) -> None:
    report(app, a_name())
    page = page_as("viewer")
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: (
            sizes.update({answer.url: len(gzip.compress(answer.body(), 9))}) if answer.url.endswith(".js") else None
        ),
    )
    open_list(page)
    expect(page.locator("[data-ticket]").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes.values()) <= SCRIPT_BUDGET_BYTES, sizes
