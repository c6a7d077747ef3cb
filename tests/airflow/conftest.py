"""The notifier without Airflow: what it logs, the pauses it makes, and where it reports to."""

import logging
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import rca_notifier
from rca_notifier import RcaNotifier

from tests.support.app import App

KEY = "a-function-key-of-a-sender"
TICKET = re.compile(r"ticket ([A-Z]{3}-\w+-\w+)")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged; the key is never in it, whatever the test was about."""
    caplog.set_level(logging.DEBUG)
    yield caplog
    assert KEY not in caplog.text


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that it makes, in seconds; they are not waited for."""
    made: list[float] = []
    monkeypatch.setattr(rca_notifier, "time", SimpleNamespace(sleep=made.append, time=time.time))
    return made


def pointed_at(url: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> RcaNotifier:
    monkeypatch.setenv("RCA_WEBHOOK_URL", url)
    monkeypatch.setenv("RCA_WEBHOOK_KEY", key)
    return RcaNotifier()


@pytest.fixture
def notifier(app: App, monkeypatch: pytest.MonkeyPatch) -> RcaNotifier:
    """One that reports to the app."""
    return pointed_at(app.url, monkeypatch, app.key)


def line(log: pytest.LogCaptureFixture) -> str:
    """The one line that it logged."""
    (record,) = [record for record in log.records if record.name == "rca_notifier" and record.levelno > logging.DEBUG]
    return record.getMessage()


def ticket(app: App, log: pytest.LogCaptureFixture) -> dict[str, Any]:
    found = TICKET.search(line(log))
    assert found, line(log)
    assert app.key not in log.text
    return app.ticket(found[1])
