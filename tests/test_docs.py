"""What the documentation says is so: commands run, links lead somewhere, files and functions exist.

A block of commands is fenced as `sh`, or as `console` where it shows answers as well. It is run here, unless a comment
before it says what it needs (`<!-- needs: azure -->`) or which test runs it (`<!-- run by: tests/a.py::test_b -->`).
"""

import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters
from rca_core.tickets.sync import SyncMessage
from tests.support import pages
from tests.support.app import PASSWORD, App
from tests.support.functions import functions, http_functions
from tests.support.pages import PAGES, ROOT, Block

# What a command may need that is not here. "minutes": it runs long, or until it is stopped.
NEEDS = {"azure", "databricks", "airflow", "a terminal", "minutes"}
EMAIL = "reader-of-the-docs@example.com"
BLOCKS = [block for page in PAGES for block in pages.blocks(page)]
COMMANDS = [block for block in BLOCKS if block.language in ("sh", "console")]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])

_TICKET_ID = re.compile(r"(?:ADF|DBX|ARF|AZM)-\d{8}T\d{6}-[a-z0-9]{6}")
_ID = re.compile(r"/api/([a-z-]+)/<id>")


class Shell:
    """A shell for what a reader types; `ids` are those of what he would see, by the path they belong to."""

    def __init__(self, app: App, folder: Path, ids: dict[str, str]) -> None:
        self._app = app
        self._folder = folder
        self.ids = ids
        # An answer of 400 or more is a failure.
        (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        self._environment = {**os.environ, "CURL_HOME": str(folder), "APP": app.url, "KEY": app.key}

    def run(self, command: str) -> None:
        if command.startswith("make "):
            assert command.split()[1] in targets(), "the Makefile has no such target"
            return
        done = subprocess.run(
            ["bash", "-c", self._filled_in(command)],
            cwd=self._folder if command.startswith("curl ") else ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        self._note(command, done.stdout)

    def _filled_in(self, command: str) -> str:
        if _TICKET_ID.search(command):
            self._app.ticket(self.ids["tickets"])
            command = _TICKET_ID.sub(self.ids["tickets"], command)
        command = _ID.sub(lambda found: f"/api/{found[1]}/{self.ids[found[1]]}", command)
        command = command.replace("http://127.0.0.1:7071", self._app.url)
        return command.replace('"email": "..."', f'"email": "{EMAIL}"').replace(
            '"password": "..."', f'"password": "{PASSWORD}"'
        )

    def _note(self, command: str, output: str) -> None:
        try:
            answer = json.loads(output)
        except ValueError:
            return
        if ticket := _TICKET_ID.search(answer.get("ticket_id", "")):
            self.ids["tickets"] = ticket[0]
        if (path := re.search(r"/api/([a-z-]+)", command)) and "id" in answer:
            self.ids[path[1]] = answer["id"]


@pytest.fixture(scope="module")
def shell(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell of an admin, who knows somebody whom to disable."""
    reader = app.make_account(EMAIL, role="admin")
    gone = app.make_account("gone@example.com", role="viewer")
    shell = Shell(app, tmp_path_factory.mktemp("shell"), {"users": gone})
    shell.run("""curl -c .cookies $APP/api/login -d '{"email": "...", "password": "..."}'""")
    yield shell
    with app.client() as admin:
        assert admin.patch(f"/api/users/{reader}", json={"status": "disabled"}).status_code == 200


@pytest.fixture
def dead_letter(app: App) -> str:
    """The id of a dead letter: an update of Slack that was given up."""
    storage = Storage(read_settings({"AzureWebJobsStorage": app.connection_string}).storage)
    message = SyncMessage(ticket_id="ADF-20261123T084509-sae06s")
    dead_letters.record(storage, Queue.SLACK_UPDATES, msgspec.json.encode(message), state="dead", reason="a trial")
    [letter] = dead_letters.of_ticket(storage, message.ticket_id)
    return letter.id


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.language, "name the language: sh for commands, console for commands with answers, text, json, ..."
    assert block.language not in ("bash", "shell", "powershell"), "commands are fenced as sh"
    match block.mark:
        case ("needs", what):
            assert what in NEEDS
        case ("run by", test):
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("block", [block for block in COMMANDS if not block.mark], ids=str)
def test_commands_run(block: Block, shell: Shell, dead_letter: str) -> None:
    shell.ids["dead-letters"] = dead_letter
    for command in block.commands:
        shell.run(command)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@EACH_PAGE
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets()
    for module in re.findall(r"python -m ([a-z_.]+)", text):
        assert importlib.util.find_spec(module), f"there is no module {module}"
    top = "airflow|bench|devhost|docs|infra|rca_core|static_dashboard|tests"
    for path in re.findall(rf"`((?:{top})/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"there is no {path}"


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for link in pages.links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), f"{link}: there is no such file"
        assert not anchor or anchor in pages.anchors(target), f"{link}: there is no such heading"


def test_the_picture_of_the_architecture_shows_every_function_that_works_behind_the_webhooks() -> None:
    page = ROOT / "docs" / "architecture.md"
    [picture] = [block.text for block in pages.blocks(page) if block.language == "mermaid"]
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", picture))
    assert set(functions()) - set(http_functions()) <= named <= set(functions())
    for queue in Queue:
        assert queue in picture
