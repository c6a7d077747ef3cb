"""Settings of Azure Storage: a connection string, or addresses that the app's identity reaches."""

import msgspec

from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader

# What "UseDevelopmentStorage=true" stands for: the emulator's public account and key ("Use the Azurite emulator").
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_EMULATOR_PORTS = {"blob": "10000", "queue": "10001", "table": "10002"}
_PREFIX = "AzureWebJobsStorage"

STORAGE = Part(
    "Storage",
    (
        Setting(
            _PREFIX,
            "connection string of the storage account, or `UseDevelopmentStorage=true`",
            "the identity family below is used",
            secret=True,
            example="UseDevelopmentStorage=true",
        ),
        *(
            Setting(
                f"{_PREFIX}__{service}ServiceUri",
                f"address of the account's {service} service, reached with the app's identity",
                "it follows from `__accountName`",
                example=None,
            )
            for service in ("table", "queue", "blob")
        ),
        Setting(
            f"{_PREFIX}__accountName",
            "short form for the three addresses on the public cloud",
            "the app does not start its work: every call answers with what is missing",
            example=None,
        ),
        Setting(
            f"{_PREFIX}__clientId",
            "client id of a user-assigned identity; Data Factory is asked with it as well",
            "the system-assigned one",
            example=None,
        ),
        *(
            Setting(
                f"AZURITE_{service.upper()}_PORT",
                f"port of the local emulator's {service} service",
                default=port,
                example=None,
            )
            for service, port in _EMULATOR_PORTS.items()
        ),
    ),
)


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


def read_storage(reader: Reader) -> StorageSettings:
    """Where Azure Storage is; what is wrong is noted with the reader."""
    connection_string = reader.text(_PREFIX)
    if connection_string and connection_string.rstrip(";").lower() == "usedevelopmentstorage=true":
        connection_string = _emulator(reader)
    if connection_string:
        return StorageSettings(connection_string=connection_string)
    account = reader.text(f"{_PREFIX}__accountName")
    uris = {
        service: reader.url(f"{_PREFIX}__{service}ServiceUri")
        or (account and f"https://{account}.{service}.core.windows.net")
        for service in ("table", "queue", "blob")
    }
    missing = [f"{_PREFIX}__{service}ServiceUri" for service, uri in uris.items() if not uri]
    if len(missing) == len(uris):
        reader.problems.append(
            f"{_PREFIX} is not set: give a connection string, or {_PREFIX}__accountName, or {', '.join(missing)}."
        )
    elif missing:
        reader.problems.append(f"{_PREFIX} is half configured: {', '.join(missing)} missing.")
    return StorageSettings(
        table_uri=uris["table"],
        queue_uri=uris["queue"],
        blob_uri=uris["blob"],
        client_id=reader.text(f"{_PREFIX}__clientId"),
    )


def _emulator(reader: Reader) -> str:
    account = "devstoreaccount1"
    endpoints = []
    for service, usual_port in _EMULATOR_PORTS.items():
        port = reader.text(f"AZURITE_{service.upper()}_PORT") or usual_port
        endpoints.append(f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{account}")
    return ";".join(
        ["DefaultEndpointsProtocol=http", f"AccountName={account}", f"AccountKey={_EMULATOR_KEY}", *endpoints]
    )
