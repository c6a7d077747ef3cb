"""All settings, read once from the environment into one typed object.

What each means, for operators: docs/configuration.md.
"""

import os
from collections.abc import Mapping
from functools import cache

import msgspec

from rca_core.foundation.access_settings import AccessSettings, read_access
from rca_core.foundation.door_settings import DoorSettings, read_doors
from rca_core.foundation.errors import SettingsError
from rca_core.foundation.retention_settings import RetentionSettings, read_retention
from rca_core.foundation.settings_reader import Reader

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


class JiraSettings(msgspec.Struct, frozen=True):
    """Where Jira is. Without `user_email` the token is a personal access token of Jira Data Center.

    `webhook_secrets` are accepted all, so that one can be replaced by another without a gap; without any, Jira's
    webhook is refused.
    """

    base_url: str
    api_token: str
    project_key: str
    user_email: str | None = None
    webhook_secrets: tuple[str, ...] = ()


class SlackSettings(msgspec.Struct, frozen=True):
    """Where Slack is, and the channel's id. Without a signing secret, buttons are refused."""

    bot_token: str
    channel: str
    signing_secrets: tuple[str, ...] = ()
    api_base_url: str = "https://slack.com/api/"


class GeminiSettings(msgspec.Struct, frozen=True):
    """How the model is reached, and what it may cost a day (UTC): calls, and tokens in and out together."""

    api_key: str
    model: str = "gemini-flash-latest"
    base_url: str | None = None
    daily_calls: int = 500
    daily_tokens: int = 5_000_000


class Settings(msgspec.Struct, frozen=True):
    """Everything the app takes from its environment."""

    storage: StorageSettings
    dashboard_url: str
    gemini: GeminiSettings | None = None
    jira: JiraSettings | None = None
    slack: SlackSettings | None = None
    databricks_host: str | None = None
    databricks_token: str | None = None
    management_url: str | None = None
    management_client_id: str | None = None
    airflow_base_url: str | None = None
    airflow_token: str | None = None
    live_updates: bool = False
    access: AccessSettings = AccessSettings()
    doors: DoorSettings = DoorSettings()
    retention: RetentionSettings = RetentionSettings()


@cache
def settings() -> Settings:
    """The settings of this process; raises SettingsError that lists every problem at once."""
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; raises SettingsError that lists every problem at once."""
    reader = Reader(environment)
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
        gemini=_gemini(reader),
        jira=_jira(reader),
        slack=_slack(reader),
        access=read_access(reader),
        doors=read_doors(reader),
        retention=read_retention(reader),
    )
    # A Databricks host alone is enough for links to runs; a token alone is of no use.
    reader.needs("DATABRICKS_TOKEN", "DATABRICKS_HOST")
    reader.needs("AIRFLOW_TOKEN", "AIRFLOW_BASE_URL")
    reader.needs("AIRFLOW_BASE_URL", "AIRFLOW_TOKEN")
    if reader.problems:
        raise SettingsError("Settings need attention:\n- " + "\n- ".join(reader.problems))
    return read


def _gemini(reader: Reader) -> GeminiSettings | None:
    key = reader.text("GEMINI_API_KEY")
    budget = reader.budget("GEMINI_DAILY_BUDGET")
    usual = GeminiSettings(api_key="")
    read = GeminiSettings(
        api_key=key or "",
        model=reader.text("GEMINI_MODEL") or usual.model,
        base_url=reader.url("GEMINI_BASE_URL"),
        daily_calls=budget.get("calls", usual.daily_calls),
        daily_tokens=budget.get("tokens", usual.daily_tokens),
    )
    return read if key else None


def _jira(reader: Reader) -> JiraSettings | None:
    base_url = reader.url("JIRA_BASE_URL")
    read = JiraSettings(
        base_url=base_url or "",
        api_token=reader.text("JIRA_API_TOKEN") or "",
        project_key=reader.text("JIRA_PROJECT_KEY") or "",
        user_email=reader.text("JIRA_USER_EMAIL"),
        webhook_secrets=reader.words("JIRA_WEBHOOK_SECRET"),
    )
    names = ("JIRA_BASE_URL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY")
    optional = ("JIRA_USER_EMAIL", "JIRA_WEBHOOK_SECRET")
    return read if reader.whole("Jira", names, optional) else None


def _slack(reader: Reader) -> SlackSettings | None:
    base_url = reader.url("SLACK_API_BASE_URL")
    read = SlackSettings(
        bot_token=reader.text("SLACK_BOT_TOKEN") or "",
        channel=reader.text("SLACK_CHANNEL") or "",
        signing_secrets=reader.words("SLACK_SIGNING_SECRET"),
        api_base_url=f"{base_url}/" if base_url else "https://slack.com/api/",
    )
    return read if reader.whole("Slack", ("SLACK_BOT_TOKEN", "SLACK_CHANNEL"), ("SLACK_SIGNING_SECRET",)) else None


def _storage(reader: Reader, prefix: str) -> StorageSettings:
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


def _emulator(reader: Reader) -> str:
    account = "devstoreaccount1"
    endpoints = []
    for service, usual_port in _EMULATOR_PORTS.items():
        port = reader.text(f"AZURITE_{service.upper()}_PORT") or usual_port
        endpoints.append(f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{account}")
    return ";".join(
        ["DefaultEndpointsProtocol=http", f"AccountName={account}", f"AccountKey={_EMULATOR_KEY}", *endpoints]
    )
