"""The overview, as people read it: its figures are those of the API, and stay so."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from devhost.azurite import Azurite
from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters
from tests.support.app import App
from tests.support.browser import Visitors, axe
from tests.support.failures import report, report_critical

SEVERITIES = ("Critical", "High", "Medium", "Low")


def open_overview(page: Page, search: str = "") -> None:
    page.goto(f"/overview{search}")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def rows(table: Locator) -> list[list[str]]:
    """The table's cells, without its head; the sender behind a pipeline's name is left out."""
    lines = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    return [[cell.strip().split("\n")[0] for cell in line] for line in lines]


def tile(page: Page, severity: str) -> Locator:
    return panel(page, "Not acknowledged now").get_by_role("link", name=re.compile(rf"\d\s*{severity}$"))


def number_of(tile: Locator) -> int:
    return int(re.sub(r"\D", "", tile.inner_text()))


def test_every_figure_is_that_of_the_api_and_leads_to_its_tickets(app: App, page_as: Visitors) -> None:
    pipeline = f"pl_{uuid4().hex[:8]}"
    done, *_ = [report_critical(app, pipeline) for _ in range(3)]
    with app.client("operator") as operator:
        operator.post(f"/api/tickets/{done}/feedback", json={"verdict": "right"})
        version = app.ticket(done)["version"]
        answer = operator.patch(f"/api/tickets/{done}", json={"status": "acknowledged", "version": version})
        assert answer.status_code == 200
    asked: list[str] = []
    page = page_as("viewer")
    page.on("request", lambda request: asked.append(request.url.removeprefix(app.url)))
    open_overview(page, "?days=7")
    told = app.get("/api/analytics", days=7)

    assert {one: number_of(tile(page, one)) for one in SEVERITIES} == told["open_by_severity"]
    sla = told["sla"]
    expect(panel(page, "SLA")).to_contain_text(f"{round(sla['met_share'] * 100)} %")
    expect(panel(page, "SLA")).to_contain_text(f"{sla['met']:,} acknowledged in time and {sla['breached']:,} not")
    expect(panel(page, "Time to acknowledge")).to_contain_text(
        f"over {told['time_to_acknowledge']['acknowledged']:,} t"
    )
    expect(page.get_by_role("definition")).to_have_count(5)
    assert rows(page.get_by_role("table", name="Diagnoses by engine")) == [
        [
            {"rules": "Rules", "recall": "What helped before", "gemini": "Google Gemini"}[engine["engine"]],
            f"{engine['count']:,}",
            f"{round(engine['share'] * 100)} %",
            *(f"{engine[verdict]:,}" for verdict in ("right", "partly", "wrong")),
        ]
        for engine in told["engines"]
    ]
    owned = rows(page.get_by_role("table", name="By team"))
    assert owned == [[team["name"], f"{team['count']:,}", f"{team['unresolved']:,}"] for team in told["teams"]]
    expect(page.get_by_role("table", name="By cost center").locator("tbody tr")).to_have_count(
        len(told["cost_centers"])
    )
    states = {"ok": "OK", "off": "Off", "down": "Down"}
    shown = panel(page, "Integrations").get_by_role("listitem").all_inner_texts()
    assert sorted(one.split("\n")[0].strip() for one in shown) == sorted(
        states[part] for part in told["health"]["parts"].values()
    )
    expect(panel(page, "Integrations")).to_contain_text("GEMINI_API_KEY is not set.")

    page.get_by_label("Failures a day as a table").click()
    by_day = page.get_by_role("table", name="Failures a day")
    expect(by_day).to_be_visible()
    assert rows(by_day) == [
        [
            day["date"],
            f"{day['failures']:,}",
            *(f"{day['by_severity'].get(one, 0):,}" for one in SEVERITIES),
            f"{day['resolved']:,}",
        ]
        for day in reversed(told["days"])
    ]
    page.get_by_label("Categories over time as a table").click()
    categories = page.get_by_role("table", name="Categories over time")
    expect(categories).to_be_visible()
    shown_categories = categories.get_by_role("columnheader").all_inner_texts()[1:]
    sums = [sum(int(row[column + 1]) for row in rows(categories)) for column in range(len(shown_categories))]
    assert sums == sorted(told["by_error_type"].values(), reverse=True)
    charts = page.get_by_role("img", name=re.compile("Failures a day, stacked by severity. .*most on"))
    expect(charts).to_be_visible()

    # Besides, each page watches for new Critical tickets; and once connected it may ask again for what it missed.
    data = {
        url for url in asked if url.startswith("/api/") and "negotiate" not in url and "severity=Critical" not in url
    }
    assert data == {"/api/analytics?days=7", "/api/me"}

    critical = number_of(tile(page, "Critical"))
    tile(page, "Critical").click()
    expect(page.get_by_role("button", name="Not acknowledged")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("combobox", name="Severity")).to_have_value("Critical")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(min(critical, 100) + 1))
    expect(page.locator(f"[data-ticket='{done}']")).to_have_count(0)


def test_it_follows_what_happens_but_asks_at_most_every_ten_seconds(app: App, page_as: Visitors) -> None:
    page = page_as("viewer")
    page.clock.install()
    open_overview(page)
    before = number_of(tile(page, "Critical"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/analytics" in request.url else None)

    report_critical(app, "pl_first")
    expect(tile(page, "Critical")).to_have_text(re.compile(rf"^{before + 1:,}\s*Critical$"))
    report_critical(app, "pl_second")
    expect(page.get_by_text("New critical ticket")).to_have_count(2)
    page.clock.fast_forward(10_000)
    expect(tile(page, "Critical")).to_have_text(re.compile(rf"^{before + 2:,}\s*Critical$"))
    # Two, and one more if something of the time before these two was heard of first.
    assert len(asked) <= 3
    assert page.url.endswith("/overview")


def test_the_time_is_chosen_by_keyboard_and_stands_in_the_address(app: App, page_as: Visitors) -> None:
    report(app, f"dag_{uuid4().hex[:8]}")
    page = page_as("viewer")
    open_overview(page)
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")
    expect(page.get_by_text("days are dates in UTC")).to_be_visible()
    page.get_by_role("link", name="90 days").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?days=90$"))
    page.get_by_label("Failures a day as a table").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Failures a day").locator("tbody tr")).to_have_count(90)
    page.go_back()
    expect(page.get_by_role("table", name="Failures a day").locator("tbody tr")).to_have_count(30)
    pipeline = panel(page, "Top failing pipelines").get_by_role("link").first
    name = pipeline.inner_text()
    pipeline.click()
    expect(page.get_by_label(re.compile("^Search"))).to_have_value(name)
    expect(page.locator("[data-ticket]").first).to_contain_text(name)
    page.goto("/overview?days=1000000")
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")


def test_dead_letters_are_counted_and_lead_those_who_may_to_the_reasons(
    app: App, azurite: Azurite, page_as: Visitors
) -> None:
    report(app, f"dag_{uuid4().hex[:8]}")
    storage = Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)
    body = b'{"ticket_id": "ADF-20261120T120000-abc123"}'
    dead_letters.record(storage, Queue.JIRA_UPDATES, body, state="dead", reason="Jira said no.")
    try:
        told = app.get("/api/analytics")["dead_letters"]
        viewer, admin = page_as("viewer"), page_as("admin")
        for page in (viewer, admin):
            open_overview(page)
            expect(panel(page, "Dead letters")).to_contain_text(
                f"{told['dead']} given up, {told['retrying']} tried again"
            )
            assert ["Jira", str(told["by_queue"]["jira-updates"])] in rows(
                panel(page, "Dead letters").get_by_role("table")
            )
        expect(panel(viewer, "Dead letters").get_by_role("link")).to_have_count(0)
        panel(admin, "Dead letters").get_by_role("link").click()
        expect(admin).to_have_url(re.compile("/admin/dead-letters$"))
    finally:
        dead_letters.settled(storage, Queue.JIRA_UPDATES, body)


def test_trouble_and_nothing_at_all_are_said_in_words(app: App, page_as: Visitors, tolerate: Any) -> None:
    tolerate("503 GET .*/api/analytics")
    page = page_as("viewer")
    told = app.get("/api/analytics")

    def in_trouble(route: Route) -> None:
        problem = {
            "title": "Unavailable",
            "status": 503,
            "detail": "Storage is in trouble. Try again.",
            "request_id": "r1",
        }
        route.fulfill(status=503, json=problem, headers={"Retry-After": "0"}, content_type="application/problem+json")

    page.clock.install()
    page.route("**/api/analytics*", in_trouble)
    page.goto("/overview")
    for _ in range(3):  # it tries again by itself before it says so
        with page.expect_response("**/api/analytics*"):
            page.clock.fast_forward(15_000)
    expect(page.get_by_role("alert")).to_contain_text("Storage is in trouble. Try again.")
    nothing = told | {"by_status": {"open": 0, "in_progress": 0, "acknowledged": 0}}
    page.unroute("**/api/analytics*")
    page.route("**/api/analytics*", lambda route: route.fulfill(json=nothing))
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="No failure was reported yet")).to_be_visible()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    expect(page.get_by_role("heading", name="SLA")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_read_it(app: App, page_as: Visitors, scheme: str, width: int) -> None:
    report(app, f"dag_{'w' * 90}")
    page = page_as("admin", color_scheme=scheme, width=width)
    open_overview(page)
    page.get_by_label("Failures a day as a table").click()
    expect(page.get_by_role("table", name="Failures a day")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.emulate_media(media="print")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 700, "height": 800})
    chart = page.get_by_role("img", name=re.compile("^Failures a day"))
    page.wait_for_function(
        "([chart]) => Math.abs(chart.clientWidth - chart.parentElement.clientWidth) < 2", arg=[chart.element_handle()]
    )
