"""The page in Chromium against the app on this machine, with 10,000 tickets: how soon it shows what there is."""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

from bench.alert import alert
from bench.figures import median, percentile, show_table, show_target
from bench.seed import seed
from devhost.azurite import Azurite
from tests.support.app import App
from tests.support.browser import Visitors, Watch, chromium
from tests.support.chromium import NOT_FOUND, find_chromium

TICKETS = 10_000
LOADS = 20
FAILURES = 40
SCRIPT_LIMIT_KIB = 200
_PROBE = Path(__file__).with_name("page_probe.js")
_LIST = "/tickets"
_ALL_BY_SEVERITY = "/tickets?status=all&sort=-severity"
_WHEEL_PIXELS = 1_000
# The last of what is read or asked for by each of these stages, in milliseconds since the navigation began.
_STAGES = """() => {
    const ends = (part) => performance.getEntriesByType("resource")
        .filter((one) => one.name.includes(part)).map((one) => one.responseEnd);
    return {
        html: performance.getEntriesByType("navigation")[0].responseEnd,
        script: Math.max(...ends("/assets/root")),
        me: ends("/api/me")[0],
        tickets: ends("/api/tickets")[0],
    };
}"""


class Arrival(NamedTuple):
    """Seconds until a failure was accepted, and from then until its row was painted."""

    accepted: float
    visible: float


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    if find_chromium() is None:
        print(f"{NOT_FOUND}. Nothing is measured.")
        return {}
    with _opened() as (app, visitors):
        return {
            "loads": _report_loads(visitors),
            "script": _report_script(visitors),
            "scrolling": _report_scrolling(visitors),
            "arrivals": _report_arrivals(app, visitors),
        }


@contextmanager
def _opened() -> Iterator[tuple[App, Visitors]]:
    """The app with its tickets, warm, and a browser. Fails at the end if anything went wrong in a page."""
    executable = find_chromium()
    assert executable is not None
    watch = Watch()
    with (
        tempfile.TemporaryDirectory() as data,
        Azurite(many_rows=True) as azurite,
        App(azurite.connection_string, Path(data)) as app,
        chromium(executable) as browser,
    ):
        print(f"{TICKETS:,} tickets in storage, seeded in {seed(azurite.connection_string, TICKETS):.0f} s.\n")
        visitors = Visitors(browser, app, watch)
        # What the first visit alone costs the host is not the page's.
        _load(_page(visitors))
        yield app, visitors
        visitors.leave()
    assert not watch.problems, watch.problems


def _page(visitors: Visitors) -> Page:
    """An empty page with the probe, in a browser profile whose cache is empty."""
    page = visitors("operator", width=1440, height=900)
    page.add_init_script(path=_PROBE)
    return page


def _load(page: Page) -> dict[str, float]:
    """Opens the list; milliseconds until the first row was painted, and until the stages before it."""
    page.goto("about:blank")
    page.goto(_LIST, wait_until="commit")
    row: float = page.evaluate("probe.firstRow()")
    return {**page.evaluate(_STAGES), "row": row}


def _report_loads(visitors: Visitors) -> dict[str, Any]:
    warm = _page(visitors)
    _load(warm)
    loads: dict[str, list[dict[str, float]]] = {"warm": [], "cold": []}
    # In turn, so that what else the machine does meanwhile hits both.
    for _ in range(LOADS):
        loads["warm"].append(_load(warm))
        cold = _page(visitors)
        loads["cold"].append(_load(cold))
        cold.context.close()
    warm.context.close()
    print(f"The list opened {LOADS} times with a warm and {LOADS} times with an empty HTTP cache, in turn.")
    print("Milliseconds since the navigation began, medians:\n")
    show_table(
        ["cache", "HTML read", "script read", "/api/me", "/api/tickets", "first row painted", "its p95", "least"],
        [
            [
                cache,
                *(f"{median(one[stage] for one in each):.0f}" for stage in ("html", "script", "me", "tickets", "row")),
                f"{percentile([one['row'] for one in each], 0.95):.0f}",
                f"{min(one['row'] for one in each):.0f}",
            ]
            for cache, each in loads.items()
        ],
    )
    print()
    targets = [
        show_target(f"first row painted, {cache} cache: {name}", value, 500, unit=" ms")
        for cache, each in loads.items()
        for name, value in (
            ("median", median(one["row"] for one in each)),
            ("p95", percentile([one["row"] for one in each], 0.95)),
        )
    ]
    return {"loads": loads, "targets": targets}


def _report_script(visitors: Visitors) -> dict[str, Any]:
    page = _page(visitors)
    sizes: dict[str, int] = {}

    def weigh(name: str, script: bytes) -> None:
        sizes[name] = len(gzip.compress(script, 9))

    page.on(
        "response",
        lambda answer: (
            weigh(answer.url.rpartition("/")[2], answer.body()) if answer.request.resource_type == "script" else None
        ),
    )
    _load(page)
    _wait_until_live(page)
    page.context.close()
    print("\nThe script of the list view, compressed by gzip:\n")
    show_table(["file", "bytes"], [[name, f"{size:,}"] for name, size in sizes.items()])
    print()
    target = show_target("script of the list view", sum(sizes.values()) / 1024, SCRIPT_LIMIT_KIB, unit=" KiB")
    return {"sizes": sizes, "targets": [target]}


def _report_scrolling(visitors: Visitors) -> dict[str, Any]:
    page = _page(visitors)
    begun = time.perf_counter()
    page.goto(_ALL_BY_SEVERITY)
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(TICKETS + 1), timeout=120_000)
    all_read = time.perf_counter() - begun
    page.mouse.move(700, 500)
    page.evaluate("probe.countFrames()")
    height = page.evaluate("document.documentElement.scrollHeight")
    for _ in range(height // _WHEEL_PIXELS + 1):
        page.mouse.wheel(0, _WHEEL_PIXELS)
    expect(page.locator(f"[aria-rowindex='{TICKETS + 1}']")).to_be_in_viewport()
    frames: list[float] = page.evaluate("probe.framesCounted()")
    heap = _heap(page)
    page.context.close()
    print(f"\nAll {TICKETS:,} rows, sorted by severity: read and sorted in {all_read:.1f} s.")
    print(f"Scrolled through with the wheel, {_WHEEL_PIXELS:,} pixels a turn, in {sum(frames) / 1000:.1f} s: ", end="")
    print(f"{len(frames)} frames, median {median(frames):.0f} ms, p95 {percentile(frames, 0.95):.0f} ms, ", end="")
    print(f"longest {max(frames):.0f} ms. JavaScript's heap then: {heap / 2**20:.0f} MiB.\n")
    return {"all_read_seconds": all_read, "frames_ms": frames, "heap_bytes": heap}


def _heap(page: Page) -> float:
    """Bytes in use after a collection of what is not."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "JSHeapUsedSize")


def _report_arrivals(app: App, visitors: Visitors) -> dict[str, Any]:
    page = _page(visitors)
    _load(page)
    _wait_until_live(page)
    arrivals = [_arrival(app, page) for _ in range(FAILURES)]
    page.context.close()
    visible = [one.visible for one in arrivals]
    print(f"{FAILURES} failures one at a time, with the list open; seconds:\n")
    show_table(
        ["", "p50", "p95", "most"],
        [
            [what, *(f"{value:.2f}" for value in (median(each), percentile(each, 0.95), max(each)))]
            for what, each in (
                ("webhook accepted", [one.accepted for one in arrivals]),
                ("from then until the row is painted", visible),
            )
        ],
    )
    print()
    target = show_target("from accepted to painted: p95", percentile(visible, 0.95), 1.5, unit=" s")
    return {"seconds": visible, "targets": [target]}


def _arrival(app: App, page: Page) -> Arrival:
    begun = time.time()
    answer = app.post("/azure-monitor", alert())
    accepted = time.time()
    assert answer.status_code == 202, answer.text
    painted: float = page.evaluate("ticket => probe.rowOf(ticket)", answer.json()["ticket_id"])
    return Arrival(accepted - begun, painted / 1000 - accepted)


def _wait_until_live(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
