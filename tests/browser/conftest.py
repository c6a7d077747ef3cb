"""A browser for all tests, and for each of them pages in which nothing may go wrong unseen."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.app import ROOT, App
from tests.support.browser import Visitors, Watch, chromium
from tests.support.chromium import NOT_FOUND, find_chromium

_BUILT = ROOT / "static_dashboard" / "dist" / "index.html"
_FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=15_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, for these tests alone: while it runs, others could not run an event loop on this thread.

    Without one the tests are skipped, but not on CI, where they must not be missed.
    """
    executable = find_chromium()
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NOT_FOUND)
    if not _BUILT.is_file():
        pytest.fail(f"the page is not built: there is no {_BUILT}; `make prepare-dev` builds it")
    with chromium(executable) as browser:
        yield browser


@pytest.fixture
def watch() -> Watch:
    """What goes wrong in the test's pages."""
    return Watch()


@pytest.fixture
def tolerate(watch: Watch) -> Callable[..., None]:
    """Says what of it belongs to the test: `tolerate("409 PATCH .*/api/tickets/")`. See `Watch`."""
    return watch.tolerate


@pytest.fixture
def page_as(request: pytest.FixtureRequest, browser: Browser, app: App, watch: Watch) -> Iterator[Visitors]:
    """Opens pages: `page_as("operator", width=360)`; without a role, of a stranger. See `Visitors`.

    The test fails if anything went wrong in one of them; how they looked then is in `.screenshots/`.
    """
    visitors = Visitors(browser, app, watch)
    yield visitors
    problems = watch.problems
    if problems or request.node.stash.get(_FAILED, False):
        print("screenshots:", *visitors.photograph(re.sub(r"\W+", "-", request.node.name)))
    visitors.leave()
    assert not problems, "\n".join(problems)
