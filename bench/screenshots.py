"""Pictures of the page for the README: `python -m bench screenshots`, or `make screenshots`.

The app is filled with the same tickets at each call, the failures of `make run`, and one that a model explained; only
ids and times differ.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

from bench.seed import seed
from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.foundation.failure import Link
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from tests.support.app import ROOT, App
from tests.support.browser import Visitors, Watch, chromium
from tests.support.chromium import NOT_FOUND, find_chromium
from tests.support.explained import QUOTE, explain, failed_task, log_with_quote

PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 200_000
_TICKETS = 2_000
_OWNER = {"pattern": "nightly_orders*", "team": "Orders", "owner": "Ann Lee", "cost_center": "CC-104"}
_DEMO = ROOT / "devhost" / "demo"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A page as a file shows it; `{ticket}` in the path is the ticket that a model explained."""

    file: str
    path: str
    shows: str
    """The page is there once this locator's first element is visible."""
    look: dict[str, Any]


_DESK = {"width": 1440, "height": 900}
_TELEPHONE = {"width": 390, "height": 844}
_ROW = "[data-ticket]"
_TICKET = "text=ran out of memory on the driver"
_SHOWN = (
    Picture("list.png", "/tickets", _ROW, _DESK),
    Picture("ticket.png", "/tickets/{ticket}", _TICKET, _DESK),
    Picture("overview.png", "/overview", "role=heading[name='Integrations']", _DESK),
    Picture("list-dark.png", "/tickets", _ROW, {**_DESK, "color_scheme": "dark"}),
    Picture("ticket-narrow.png", "/tickets/{ticket}", _TICKET, _TELEPHONE),
)


def command() -> None:
    """Writes the pictures into docs/pictures/."""
    executable = find_chromium()
    if executable is None:
        sys.exit(NOT_FOUND)
    watch = Watch()
    with (
        tempfile.TemporaryDirectory() as data,
        Azurite(many_rows=True) as azurite,
        App(azurite.connection_string, Path(data)) as app,
        chromium(executable) as browser,
    ):
        seed(azurite.connection_string, _TICKETS)
        app.post("/api/owners", _OWNER).raise_for_status()
        for example in sorted(_DEMO.glob("*/*.json")):
            app.post(f"/{example.parent.name}", example.read_bytes()).raise_for_status()
        visitors = Visitors(browser, app, watch)
        for file in take(visitors, explained_ticket(app), PICTURES):
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1_000} KB")
        visitors.leave()
    if watch.problems:
        sys.exit("Something went wrong in a page: " + "\n".join(watch.problems))


def explained_ticket(app: App) -> str:
    """Reports a failure and has a model's answer put on its ticket, whose id is returned."""
    ticket_id = failed_task(
        app,
        dag_id="nightly_orders",
        task_id="load",
        run_id=f"scheduled__{clock.now():%Y-%m-%d}T00:00:00+00:00",
        exception=f"airflow.exceptions.AirflowException: the driver ended ({QUOTE}), then: Connection refused",
    )
    storage = Storage(read_settings({"AzureWebJobsStorage": app.connection_string}).storage)
    run = Link(kind="run", url="https://adb-1.azuredatabricks.net/jobs/7/runs/77")
    explain(storage, ticket_id, log_with_quote(400, 318), line=318, links=[run], similar=(), recalled=None)
    return ticket_id


def take(visitors: Visitors, ticket_id: str, folder: Path) -> Iterator[Path]:
    """Photographs each page into a file of `folder`; raises ValueError if one would have more than MOST_BYTES."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in _SHOWN:
        page = visitors("operator", **picture.look)
        page.goto(picture.path.format(ticket=ticket_id))
        _wait_until_there(page, picture.shows)
        packed = repacked(page.screenshot(animations="disabled", caret="hide"))
        if len(packed) > MOST_BYTES:
            raise ValueError(f"{picture.file} has {len(packed):,} bytes, more than {MOST_BYTES:,}.")
        file = folder / picture.file
        file.write_bytes(packed)
        page.context.close()
        yield file


def _wait_until_there(page: Page, shown: str) -> None:
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(page.locator(shown).first).to_be_visible()
    page.wait_for_load_state("networkidle")


def repacked(png: bytes) -> bytes:
    """The same picture, compressed as well as zlib can; Chromium compresses fast.

    The format is that of "Portable Network Graphics (PNG) Specification": a signature, then chunks of length, type,
    data and checksum; the pixels are the data of all IDAT chunks together.
    """
    kept, pixels = [], b""
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12
        if kind == b"IDAT":
            pixels += data
        else:
            kept.append((kind, data))
    packed = (b"IDAT", zlib.compress(zlib.decompress(pixels), 9))
    chunks = [*kept[:-1], packed, kept[-1]]  # the last one ends the file
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
