"""Payloads the tests read: vendors' samples from the shared cases, and our own variants under tests/fixtures."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rca_core.foundation.failure import Failure, Ignored
from rca_core.sources import Sender, parse

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("RCA_CASES") or ROOT.parent / "shared" / "cases") / "payloads"
OWN = ROOT / "tests" / "fixtures" / "payloads"


def sample(name: str) -> bytes:
    """The bytes of a payload; the test is skipped when the shared cases are not there."""
    own = OWN / f"{name}.json"
    if own.exists():
        return own.read_bytes()
    shared = SHARED / f"{name}.json"
    if not shared.exists():
        pytest.skip(f"no {shared}: set RCA_CASES to the folder that holds payloads/")
    return shared.read_bytes()


def document(name: str) -> Any:
    """The payload as an object that a test may change."""
    return copy.deepcopy(json.loads(sample(name)))


def sender_of(name: str) -> Sender:
    """Who sends a payload of this name."""
    for sender in ("databricks", "airflow"):
        if name.startswith(sender):
            return sender  # type: ignore[return-value]
    return "azure-monitor"


def post(sender: Sender, body: Any) -> list[Failure | Ignored]:
    """What the sender's door makes of a body given as an object."""
    return parse(sender, json.dumps(body).encode())


def failures(sender: Sender, body: Any) -> list[Failure]:
    """The failures in a body, all of which must be failures."""
    outcomes = post(sender, body)
    assert all(isinstance(outcome, Failure) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Failure)]


def failure(sender: Sender, body: Any) -> Failure:
    """The one failure in a body."""
    (only,) = failures(sender, body)
    return only


def ignored(sender: Sender, body: Any) -> str:
    """Why a body is no failure."""
    (only,) = post(sender, body)
    assert isinstance(only, Ignored), only
    return only.reason
