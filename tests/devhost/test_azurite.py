"""The helper that runs Azurite."""

from __future__ import annotations

import subprocess
import sys

import pytest
from azure.storage.queue import QueueClient

from devhost.azurite import Azurite, AzuriteError
from tests.devhost.conftest import REPOSITORY, eventually


def test_data_and_ports_stay_over_a_restart(tmp_path):
    log = tmp_path / "access.log"
    with Azurite(tmp_path / "data", access_log=log) as azurite:
        ports = dict(azurite.ports)
        with QueueClient.from_connection_string(azurite.connection_string, "kept") as client:
            client.create_queue()
            client.send_message("still here")
        azurite.restart()
        assert azurite.ports == ports
        with QueueClient.from_connection_string(azurite.connection_string, "kept") as client:
            assert [message.content for message in client.peek_messages()] == ["still here"]
    assert "POST /devstoreaccount1/kept/messages" in log.read_text()


def test_port_in_use_is_told(azurite):
    with pytest.raises(AzuriteError, match=f"blob port {azurite.ports['blob']} is used .* AZURITE_BLOB_PORT"):
        Azurite(blob_port=azurite.ports["blob"]).start()


def test_ends_with_its_parent():
    code = (
        "import os; from devhost.azurite import Azurite; print(Azurite().start()._process.pid, flush=True); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    pid = int(ended.stdout)
    eventually(lambda: subprocess.run(["ps", "-p", str(pid)], capture_output=True).returncode != 0)
