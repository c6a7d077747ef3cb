"""What is deployed to Azure, alone: nothing else of the repository, no package but those of requirements.txt."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from devhost.azurite import Azurite
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from tests.conformance import packaged
from tests.conformance.conftest import SIGNALR
from tests.conformance.library import ROOT, Library
from tests.support.people import signed_in

pytestmark = pytest.mark.slow

ORIGIN = "http://127.0.0.1:7071"
FAILURE = {"dag_id": "orders", "task_id": "load", "run_id": "r1", "exception": "ORA-01017: invalid username/password"}


@pytest.fixture(scope="module")
def package(python313: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = tmp_path_factory.mktemp("package") / "app"
    packaged.build(app, python313)
    return app


def test_it_holds_the_app_and_nothing_else_of_the_repository(package: Path) -> None:
    """A file that is new at the top of the repository belongs into .funcignore, or here."""
    holds = {path.name for path in package.iterdir()}
    assert holds == {"function_app.py", "host.json", "requirements.txt", "rca_core", ".python_packages"}


def test_every_file_of_the_app_is_in_it(package: Path) -> None:
    """The catalogue, the instructions to the model and the list of common passwords are no Python files."""
    listed = subprocess.run(["git", "ls-files", "rca_core"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert {file for file in listed.stdout.split() if not (package / file).is_file()} == set()
    here = {path for path in (package / "rca_core").rglob("*") if path.is_file()}
    assert {path.suffix for path in here} == {".py", ".json", ".md", ".txt"}


class Deployed:
    """The package under the worker library, on a storage of its own."""

    def __init__(self, library: Library, connection_string: str) -> None:
        self.library = library
        self._connection_string = connection_string

        storage = Storage(read_settings({"AzureWebJobsStorage": connection_string}).storage)
        self._admin = signed_in(storage, "admin", ORIGIN)

    def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        request = httpx.Request(method, f"{ORIGIN}{path}", headers=self._admin, **options)
        answer = self.library.send(request)
        return answer.status, answer.json()

    def work_off(self, queue: str, function: str) -> None:
        policy = TextBase64DecodePolicy()
        with QueueClient.from_connection_string(self._connection_string, queue, message_decode_policy=policy) as client:
            [message] = client.receive_messages()
        self.library.receive(function, message)


@pytest.fixture(scope="module")
def deployed(package: Path, python313: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    worker = tmp_path_factory.mktemp("worker")
    bare = packaged.make_worker(worker, python313)
    with Azurite() as azurite:
        settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "AzureSignalRConnectionString": SIGNALR,
            "PYTHONPATH": str(worker),
            "PYTHONSAFEPATH": "1",
        }
        with Library(bare, package, worker / "log", **settings) as library:
            yield Deployed(library, azurite.connection_string)


def test_nothing_outside_of_it_can_be_imported(deployed: Deployed, package: Path) -> None:
    own, of_the_worker = str(package), str(package.parent.parent / "worker")
    outside = [path for path in deployed.library.index["path"] if not path.startswith((own, of_the_worker))]
    assert not [path for path in outside if path.startswith(str(ROOT)) or "site-packages" in path]


def test_the_library_finds_every_function(deployed: Deployed, library: Library) -> None:
    assert deployed.library.functions == library.functions


def test_it_answers_and_makes_a_ticket(deployed: Deployed) -> None:
    status, health = deployed.call("GET", "/api/health")
    assert (status, health["status"]) == (200, "ok")

    status, accepted = deployed.call("POST", "/airflow-monitor", json=FAILURE)
    assert (status, accepted["status"]) == (202, "accepted")

    deployed.work_off("failures", "triage_failure")
    status, ticket = deployed.call("GET", f"/api/tickets/{accepted['ticket_id']}")
    assert (status, ticket["error_type"]) == (200, "AuthenticationError")


def test_it_knows_the_passwords_that_are_guessed_first(deployed: Deployed) -> None:
    someone = {"email": "someone@example.com", "password": "password1234"}
    status, problem = deployed.call("POST", "/api/register", json=someone)
    assert (status, problem["field"]) == (400, "password")
