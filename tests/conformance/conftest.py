"""The app under the official worker library, beside the app in the development host."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost.azurite import Azurite
from tests.conformance import environment
from tests.conformance.library import ROOT, Answer, Library
from tests.support.app import App

# What is drawn anew at each call, and the headers that the server in front adds to every answer.
_DRAWN = re.compile(rb'"(request_id|ticket_id)":"[^"]+"')
_SERVERS_OWN = {"date", "content-length"}
# The development host sets such a string itself. Nothing here connects to it.
SIGNALR = "Endpoint=http://127.0.0.1;AccessKey=unused;Version=1.0;"


@dataclass(frozen=True)
class Sides:
    """The two hosts of the app; they share a storage account."""

    app: App
    library: Library
    client: httpx.Client

    def by_devhost(self, method: str, path: str, **options: Any) -> Answer:
        response = self.client.request(method, path, **options)
        headers = {name: value for name, value in response.headers.items() if name not in _SERVERS_OWN}
        return Answer(response.status_code, headers, response.content)

    def by_library(self, method: str, path: str, **options: Any) -> Answer:
        return self.library.send(self.client.build_request(method, path, **options))

    def call(self, method: str, path: str, **options: Any) -> Answer:
        """The answer that both give; fails if they differ in more than the ids drawn for them."""
        ours, theirs = self.by_devhost(method, path, **options), self.by_library(method, path, **options)
        assert without_ids(ours) == without_ids(theirs)
        return theirs


def without_ids(answer: Answer) -> Answer:
    """`answer` with every id that is drawn at each call blotted out."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return Answer(answer.status, headers, _DRAWN.sub(rb'"\1":"..."', answer.body))


@pytest.fixture(scope="session")
def python313() -> Path:
    """A Python 3.13 that has the worker library."""
    base = environment.WORKER_LIBRARY.find_python()
    if base is None:
        pytest.skip(environment.NOT_FOUND)
    return environment.WORKER_LIBRARY.make(base)


@pytest.fixture(scope="session")
def library(python313: Path, azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The app under the worker library, on the storage that `app` uses and with live updates, as there."""
    log = tmp_path_factory.mktemp("library") / "log"
    settings = {"AzureWebJobsStorage": azurite.connection_string, "AzureSignalRConnectionString": SIGNALR}
    with Library(python313, ROOT, log, **settings) as running:
        yield running


@pytest.fixture(scope="session")
def sides(library: Library, app: App) -> Iterator[Sides]:
    with app.client() as client:
        yield Sides(app, library, client)
