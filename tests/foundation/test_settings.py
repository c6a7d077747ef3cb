"""Settings: read once, all problems told at once."""

import pytest

from rca_core.foundation.errors import SettingsError
from rca_core.foundation.settings import read_settings

EMULATOR = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def test_a_connection_string() -> None:
    text = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k;EndpointSuffix=core.windows.net"
    assert read_settings({"AzureWebJobsStorage": text}).storage.connection_string == text


def test_the_emulators_short_form_follows_its_ports() -> None:
    storage = read_settings({**EMULATOR, "AZURITE_TABLE_PORT": "31002"}).storage
    assert storage.connection_string is not None
    assert "TableEndpoint=http://127.0.0.1:31002/devstoreaccount1" in storage.connection_string
    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in storage.connection_string


def test_the_identity_family_by_addresses() -> None:
    storage = read_settings(
        {
            "AzureWebJobsStorage__tableServiceUri": "https://t.example.net/",
            "AzureWebJobsStorage__queueServiceUri": "https://q.example.net",
            "AzureWebJobsStorage__blobServiceUri": "https://b.example.net",
            "AzureWebJobsStorage__clientId": "id-1",
        }
    ).storage
    assert (storage.table_uri, storage.client_id) == ("https://t.example.net", "id-1")


def test_the_identity_family_by_account_name() -> None:
    storage = read_settings({"AzureWebJobsStorage__accountName": "lake"}).storage
    assert storage.queue_uri == "https://lake.queue.core.windows.net"


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "AzureWebJobsStorage__queueServiceUri": "https://q.example.net",
                "DASHBOARD_URL": "ftp://x",
                "DATABRICKS_HOST": "@Microsoft.KeyVault(SecretUri=https://vault/secret)",
            }
        )
    for word in ("tableServiceUri", "blobServiceUri", "DASHBOARD_URL", "DATABRICKS_HOST", "Key Vault"):
        assert word in caught.value.detail


def test_no_storage_at_all_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="AzureWebJobsStorage is not set: give a connection string"):
        read_settings({})


def test_a_databricks_host_may_come_without_a_scheme() -> None:
    assert read_settings({**EMULATOR, "DATABRICKS_HOST": "adb-1.2.azuredatabricks.net/"}).databricks_host == (
        "https://adb-1.2.azuredatabricks.net"
    )


def test_who_may_register_and_how_long_a_session_lasts() -> None:
    usual = read_settings(EMULATOR).access
    assert (usual.registration, usual.needs_approval) == ("open", True)
    read = read_settings(
        {
            **EMULATOR,
            "REGISTRATION": "Invitation",
            "REGISTRATION_NEEDS_APPROVAL": "false",
            "SESSION_IDLE_MINUTES": "15",
            "SESSION_MAX_HOURS": "8",
            "PROXIES_IN_FRONT": "1",
        }
    ).access
    assert (read.registration, read.needs_approval, read.proxies_in_front) == ("invitation", False, 1)
    assert (read.session_idle_minutes, read.session_max_hours) == (15, 8)


def test_settings_of_accounts_that_make_no_sense_are_told_together() -> None:
    wrong = {
        "REGISTRATION": "everybody",
        "REGISTRATION_NEEDS_APPROVAL": "perhaps",
        "SESSION_IDLE_MINUTES": "0",
        "SESSION_MAX_HOURS": "forever",
        "BOOTSTRAP_ADMIN_EMAIL": "root@example.com",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings({**EMULATOR, **wrong})
    for name in (*wrong, "BOOTSTRAP_ADMIN_PASSWORD"):
        assert name in caught.value.detail
