"""Storage emulator and running app, shared by all tests. Storage is never mocked."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.azurite import Azurite
from rca_core.foundation.codecs import learn_types
from tests.support.app import App

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """The storage emulator, on free ports, kept in memory."""
    with Azurite() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def app(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, running in the development host."""
    with App(azurite.connection_string, tmp_path_factory.mktemp("devhost")) as running:
        yield running


@pytest.fixture(scope="module")
def busy_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with an emulator of its own, for tests that send thousands of messages.

    Each minute the emulator clears away deleted messages and answers nobody meanwhile: long, if they were thousands.
    """
    with Azurite() as emulator, App(emulator.connection_string, tmp_path_factory.mktemp("busy")) as running:
        yield running


@pytest.fixture(scope="session")
def cases() -> Path:
    """The shared folder with labelled errors and real-shaped payloads; tests that need it are skipped without it."""
    folder = Path(os.environ.get("RCA_CASES") or ROOT.parent / "shared" / "cases")
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}: set RCA_CASES to the folder that has errors.jsonl and payloads/")
    return folder


def pytest_collection_finish() -> None:
    """As `function_app.py` does, before tests work with threads."""
    learn_types()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: begun last, one of them would hold up the end while other workers idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
