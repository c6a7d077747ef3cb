"""The page as people see it, in Chromium: nothing that goes wrong in it is overlooked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.support.app import ROOT, App

SCREENSHOTS = ROOT / ".screenshots"
_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Containers have neither the rights for Chromium's sandbox nor a /dev/shm of some size.
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
_TIMEOUT_MILLISECONDS = 15_000
# The console repeats of a request what is told of it elsewhere.
_TOLD_ALREADY = "Failed to load resource"
# The page itself, or the person who goes to another one, gave up waiting.
_GIVEN_UP = "net::ERR_ABORTED"


@contextmanager
def chromium(executable: Path) -> Iterator[Browser]:
    """A browser without a window. While it runs, asyncio cannot be used on the same thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield browser
        browser.close()


class Watch:
    """What went wrong in the pages that it follows, one line each.

    `console: ...` (violations of the content security policy are told there), `uncaught: ...`,
    `401 GET http://.../api/me` (every answer from 400 on), `net::ERR_... GET http://...`.
    """

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._tolerated: list[re.Pattern[str]] = []

    def follow(self, context: BrowserContext) -> None:
        """Watch every page of this context."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self._seen.append(f"uncaught: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def tolerate(self, *patterns: str) -> None:
        """What matches one of these regular expressions is part of the test, whenever it happens."""
        self._tolerated += [re.compile(pattern) for pattern in patterns]

    @property
    def problems(self) -> list[str]:
        """What went wrong and is not tolerated, in order; what did so again is not repeated."""
        seen = dict.fromkeys(self._seen)
        return [line for line in seen if not any(pattern.search(line) for pattern in self._tolerated)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_TOLD_ALREADY):
            self._seen.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self._seen.append(f"{request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"{response.status} {response.request.method} {response.url}")


class Visitors:
    """Opens the app for people, each in a browser profile of their own."""

    def __init__(self, browser: Browser, app: App, watch: Watch) -> None:
        self._browser = browser
        self._app = app
        self._watch = watch
        self._contexts: list[BrowserContext] = []

    def __call__(self, role: str | None = None, *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        """An empty page of somebody who is signed in with this role, or is a stranger; paths are the app's.

        `options` are those of Playwright's `Browser.new_context`, such as `color_scheme="dark"`.
        """
        usual = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
        context = self._browser.new_context(
            base_url=self._app.url, viewport={"width": width, "height": height}, **(usual | options)
        )
        self._contexts.append(context)
        context.set_default_timeout(_TIMEOUT_MILLISECONDS)
        if role is not None:
            name, _, value = self._app.cookie(role).partition("=")
            cookie = {"name": name, "value": value, "url": self._app.url, "httpOnly": True, "sameSite": "Lax"}
            context.add_cookies([cookie])
        self._watch.follow(context)
        return context.new_page()

    def photograph(self, name: str) -> list[Path]:
        """Screenshots of all pages that are open, into `.screenshots/`."""
        pages = [page for context in self._contexts for page in context.pages]
        files = [SCREENSHOTS / f"{name}-{number}.png" for number, _ in enumerate(pages, 1)]
        for page, file in zip(pages, files, strict=True):
            page.screenshot(path=file, full_page=True)
        return files

    def leave(self) -> None:
        """Close what was opened."""
        for context in self._contexts:
            context.close()


def axe(page: Page) -> list[str]:
    """What axe-core finds in the page as it is now that is serious or critical: rule, help, and the elements."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: " + "; ".join(" ".join(node["target"]) for node in one["nodes"])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge of the screen, so that one would have to scroll sideways to read it.

    What scrolls within itself, such as a row of tabs, may.
    """
    found: list[str] = page.evaluate(
        """() => [...document.body.querySelectorAll("*")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
          .filter((one) => getComputedStyle(one).position !== "absolute")
          .filter((one) => {
            for (let around = one.parentElement; around && around !== document.body; around = around.parentElement)
              if (getComputedStyle(around).overflowX !== "visible") return false;
            return true;
          })
          .map((one) => `${one.tagName} ${one.textContent.slice(0, 60)}`)"""
    )
    return found
