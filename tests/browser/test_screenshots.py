"""The pictures of the README can be taken."""

from pathlib import Path

from bench.screenshots import MOST_BYTES, explained_ticket, take
from tests.support.app import App
from tests.support.browser import Visitors


def test_each_page_is_photographed_at_the_size_that_it_is_shown_in(app: App, page_as: Visitors, tmp_path: Path) -> None:
    files = list(take(page_as, explained_ticket(app), tmp_path))

    sizes = {file.name: size_of(file.read_bytes()) for file in files}
    assert sizes.pop("ticket-narrow.png") == (390, 844)
    assert {"list.png", "ticket.png", "overview.png", "list-dark.png"} == set(sizes)
    assert set(sizes.values()) == {(1440, 900)}
    assert all(file.stat().st_size <= MOST_BYTES for file in files)

    # What was packed anew is still a picture.
    page = page_as()
    for file in files:
        page.goto(file.as_uri())
        assert page.evaluate("() => document.images[0].decode().then(() => document.images[0].naturalHeight)") > 0


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, of a PNG's first chunk."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
