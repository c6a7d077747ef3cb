"""`make run`, as somebody does it who has just cloned the repository, twice in a row."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.app import ROOT, free_port, wait_for

# Empty means not set, whatever environment and local.settings.json of this machine say.
OFF = dict.fromkeys(
    (
        "GEMINI_API_KEY",
        "JIRA_BASE_URL",
        "JIRA_API_TOKEN",
        "JIRA_PROJECT_KEY",
        "JIRA_USER_EMAIL",
        "JIRA_WEBHOOK_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_CHANNEL",
        "SLACK_SIGNING_SECRET",
    ),
    "",
)


@contextmanager
def make_run(data: Path, ports: dict[str, str], **settings: str) -> Iterator[list[str]]:
    """The lines that it prints, up to the welcome; Ctrl-C at the end. No setting of this machine reaches it."""
    with subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env={**os.environ, **OFF, **ports, **settings, "DEVHOST_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Post a failure" in line:
                break
        try:
            yield lines
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.stdout.read()


def free_ports() -> dict[str, str]:
    names = ("PORT", "AZURITE_BLOB_PORT", "AZURITE_QUEUE_PORT", "AZURITE_TABLE_PORT")
    return {name: str(free_port()) for name in names}


@pytest.mark.slow
def test_make_run_shows_tickets_says_where_to_look_and_keeps_its_data(tmp_path: Path) -> None:
    ports = free_ports()
    for start in ("first", "second"):
        with make_run(tmp_path, ports) as lines:
            assert "Post a failure" in "".join(lines), "".join(lines)
            assert ("accepted" in "".join(lines)) == (start == "first")
            (off,) = [line for line in lines if line.strip().startswith("Switched off")]
            assert {"gemini", "jira", "slack"} <= set(off.replace(",", " ").split())
            assert not [line for line in lines if line.strip().startswith("Not well")]
            (address,) = {line.split()[-1] for line in lines if line.strip().startswith("Tickets")}
            (dashboard,) = [line.split()[1] for line in lines if line.strip().startswith("Dashboard")]
            page = httpx.get(dashboard)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            (who,) = {line for line in lines if line.strip().startswith("Sign in as")}
            email, password = who.split()[3], who.split()[6]
            with httpx.Client(base_url=address.removesuffix("/api/tickets"), timeout=30) as client:
                signed_in = client.post("/api/login", json={"email": email, "password": password})
                assert signed_in.status_code == 200, signed_in.text

                def tickets(client: httpx.Client = client) -> list[dict[str, str]]:
                    found: list[dict[str, str]] = client.get("/api/tickets").json()["items"]
                    return found if len(found) == 6 else []

                assert wait_for(tickets, "six tickets")


@pytest.mark.slow
def test_make_run_with_half_made_settings_says_what_is_missing(tmp_path: Path) -> None:
    with make_run(tmp_path, free_ports(), SLACK_CHANNEL="C0123456789") as lines:
        told = "".join(lines)
    assert "Does not work" in told, told
    assert "Slack is half configured: SLACK_BOT_TOKEN missing (set: SLACK_CHANNEL)." in told
    assert "accepted" not in told
