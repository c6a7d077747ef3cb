"""All settings, read once from the environment into one typed object.

What each means, for operators: docs/configuration.md.
"""

import os
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import msgspec

from rca_core.foundation.errors import SettingsError

_UNRESOLVED_REFERENCE = "@Microsoft.KeyVault("
# What "UseDevelopmentStorage=true" stands for: the emulator's public account and key ("Use the Azurite emulator").
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_EMULATOR_PORTS = {"blob": "10000", "queue": "10001", "table": "10002"}


_SIGNALR = ("AzureSignalRConnectionString", "AzureSignalRConnectionString__serviceUri")


class StorageSettings(msgspec.Struct, frozen=True):
    """Where Azure Storage is: a connection string, or service addresses reached with a managed identity.

    The identity family is the one the Functions host itself reads ("Connecting to host storage with an identity",
    Azure Functions docs): `AzureWebJobsStorage__queueServiceUri` and so on, or `__accountName`.
    """

    connection_string: str | None = None
    table_uri: str | None = None
    queue_uri: str | None = None
    blob_uri: str | None = None
    client_id: str | None = None


class Settings(msgspec.Struct, frozen=True):
    """Everything the app takes from its environment."""

    storage: StorageSettings
    dashboard_url: str
    databricks_host: str | None = None
    databricks_token: str | None = None
    management_url: str | None = None
    management_client_id: str | None = None
    airflow_base_url: str | None = None
    airflow_token: str | None = None
    live_updates: bool = False


@cache
def settings() -> Settings:
    """The settings of this process; raises SettingsError that lists every problem at once."""
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; raises SettingsError that lists every problem at once."""
    reader = _Reader(environment)
    read = Settings(
        storage=_storage(reader, "AzureWebJobsStorage"),
        dashboard_url=(reader.url("DASHBOARD_URL") or "").rstrip("/"),
        databricks_host=reader.url("DATABRICKS_HOST", default_scheme="https"),
        databricks_token=reader.text("DATABRICKS_TOKEN"),
        management_url=reader.url("AZURE_MANAGEMENT_URL"),
        management_client_id=reader.text("AzureWebJobsStorage__clientId"),
        airflow_base_url=reader.url("AIRFLOW_BASE_URL"),
        airflow_token=reader.text("AIRFLOW_TOKEN"),
        live_updates=any(reader.text(name) for name in _SIGNALR),
    )
    # A Databricks host alone is enough for links to runs; a token alone is of no use.
    reader.needs("DATABRICKS_TOKEN", "DATABRICKS_HOST")
    reader.needs("AIRFLOW_TOKEN", "AIRFLOW_BASE_URL")
    reader.needs("AIRFLOW_BASE_URL", "AIRFLOW_TOKEN")
    if reader.problems:
        raise SettingsError("Settings need attention:\n- " + "\n- ".join(reader.problems))
    return read


class _Reader:
    """Reads settings and collects what is wrong with them instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        value = self._environment.get(name, "").strip()
        if value.startswith(_UNRESOLVED_REFERENCE):
            self.problems.append(
                f"{name} is an unresolved Key Vault reference: check that the app's identity may read the secret."
            )
            return None
        return value or None

    def needs(self, name: str, other: str) -> None:
        """Notes it as a problem if `name` is set and `other` is not."""
        if self._environment.get(name, "").strip() and not self._environment.get(other, "").strip():
            self.problems.append(f"{name} is set, {other} is not: set both or neither.")

    def url(self, name: str, default_scheme: str | None = None) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        if default_scheme and "://" not in value:
            value = f"{default_scheme}://{value}"
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            # Not quoted: a connection string put here by mistake would be shown to whoever asks.
            self.problems.append(f"{name} is not an http(s) address.")
            return None
        return value.rstrip("/")


def _storage(reader: _Reader, prefix: str) -> StorageSettings:
    connection_string = reader.text(prefix)
    if connection_string and connection_string.rstrip(";").lower() == "usedevelopmentstorage=true":
        connection_string = _emulator(reader)
    if connection_string:
        return StorageSettings(connection_string=connection_string)
    account = reader.text(f"{prefix}__accountName")
    uris = {
        service: reader.url(f"{prefix}__{service}ServiceUri")
        or (account and f"https://{account}.{service}.core.windows.net")
        for service in ("table", "queue", "blob")
    }
    missing = [f"{prefix}__{service}ServiceUri" for service, uri in uris.items() if not uri]
    if len(missing) == len(uris):
        reader.problems.append(
            f"{prefix} is not set: give a connection string, or {prefix}__accountName, or {', '.join(missing)}."
        )
    elif missing:
        reader.problems.append(f"{prefix} is half configured: {', '.join(missing)} missing.")
    return StorageSettings(
        table_uri=uris["table"],
        queue_uri=uris["queue"],
        blob_uri=uris["blob"],
        client_id=reader.text(f"{prefix}__clientId"),
    )


def _emulator(reader: _Reader) -> str:
    account = "devstoreaccount1"
    endpoints = []
    for service, usual_port in _EMULATOR_PORTS.items():
        port = reader.text(f"AZURITE_{service.upper()}_PORT") or usual_port
        endpoints.append(f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{account}")
    return ";".join(
        ["DefaultEndpointsProtocol=http", f"AccountName={account}", f"AccountKey={_EMULATOR_KEY}", *endpoints]
    )
