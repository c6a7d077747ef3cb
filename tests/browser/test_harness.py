"""The tests of the page see what goes wrong in it."""

import pytest
from playwright.sync_api import Browser

from tests.support.app import App, wait_for
from tests.support.browser import Visitors, Watch, axe

INLINE_SCRIPT = """() => {
  const script = document.createElement("script");
  script.textContent = "window.ran = true";
  document.documentElement.append(script);
}"""


@pytest.mark.parametrize(
    ("what_happens", "seen"),
    [
        ("() => console.error('out of cheese')", "console: out of cheese"),
        ("() => void setTimeout(() => { throw new Error('boom') })", "uncaught: boom"),
        (INLINE_SCRIPT, "console: .*inline script.*Content Security Policy"),
        ("() => fetch('https://elsewhere.example/').catch(() => 0)", "console: .*Content Security Policy"),
        ("() => fetch('/api/tickets')", "401 GET http://.*/api/tickets"),
        ("() => fetch('/cut-off').catch(() => 0)", "net::ERR_CONNECTION_RESET GET http://.*/cut-off"),
    ],
)
def test_whatever_goes_wrong_in_a_page_is_seen(browser: Browser, app: App, what_happens: str, seen: str) -> None:
    watch = Watch()
    visitors = Visitors(browser, app, watch)
    page = visitors()
    page.route("**/cut-off", lambda route: route.abort("connectionreset"))
    page.goto("/config.json")
    assert watch.problems == []
    page.evaluate(what_happens)
    # Playwright tells what happened while it is asked something.
    problems = wait_for(lambda: page.evaluate("1") and watch.problems, "a problem to be seen")
    watch.tolerate(seen)
    assert watch.problems == [], problems
    visitors.leave()


def test_axe_finds_what_a_blind_person_could_not_use(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><img src="data:,"></main></html>')
        (found,) = axe(page)
    assert found.startswith("image-alt (critical)")
