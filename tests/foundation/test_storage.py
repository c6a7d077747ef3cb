"""The one factory of storage clients."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.identity import DefaultAzureCredential

from devhost.azurite import Azurite
from rca_core.foundation.settings import StorageSettings, read_settings
from rca_core.foundation.storage import PATIENT, PROMPT, Storage


def test_what_a_client_needs_is_made_on_first_use_and_found_by_the_next_process(azurite: Azurite) -> None:
    settings = read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage
    for _ in range(2):
        storage = Storage(settings)
        storage.table("first").upsert_entity({"PartitionKey": "a", "RowKey": "b"})
        storage.queue("first").send_message("x")
        storage.container("first").upload_blob("x", b"x", overwrite=True)
    assert storage.table("first") is storage.table("first")


def test_who_is_patient_waits_for_a_slow_answer_and_who_is_not_gives_up() -> None:
    with Azurite() as emulator:
        settings = read_settings({"AzureWebJobsStorage": emulator.connection_string}).storage
        prompt = Storage(settings, PROMPT._replace(read_seconds=0.3))
        patient = Storage(settings, PATIENT._replace(read_seconds=0.3, pause_seconds=0.1))
        for storage in (prompt, patient):
            storage.table("slow").upsert_entity({"PartitionKey": "a", "RowKey": "b"})
            storage.container("slow").upload_blob("x", b"x", overwrite=True)
        with ThreadPoolExecutor(2) as pool:
            with emulator.paused():
                waiting = [
                    pool.submit(patient.table("slow").get_entity, "a", "b"),
                    pool.submit(lambda: patient.container("slow").download_blob("x").readall()),
                ]
                with pytest.raises(ServiceResponseError):
                    prompt.table("slow").get_entity("a", "b")
                assert not any(one.done() for one in waiting)
            assert [one.result()["RowKey"] for one in waiting[:1]] == ["b"]
            assert waiting[1].result() == b"x"


def test_queue_messages_are_base64_as_the_functions_host_expects(azurite: Azurite) -> None:
    storage = Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage)
    storage.queue("encoded").send_message('{"a": 1}')
    raw = storage._queues.get_queue_client("encoded").receive_message()
    assert raw is not None and raw.content == "eyJhIjogMX0="


def test_addresses_are_reached_with_the_apps_identity() -> None:
    storage = Storage(
        StorageSettings(
            table_uri="https://t.example.net", queue_uri="https://q.example.net", blob_uri="https://b.example.net"
        )
    )
    assert isinstance(storage._tables.credential, DefaultAzureCredential)
    assert storage._queues.url == "https://q.example.net/"
    assert storage._blobs.url == "https://b.example.net/"
