"""All settings, read once from the environment into one typed object.

Each is declared beside what reads it; docs/configuration.md is made of the declarations (`python -m
devhost.configuration`).
"""

import os
from collections.abc import Mapping
from functools import cache

import msgspec

from rca_core.foundation.access_settings import ACCESS, AccessSettings, read_access
from rca_core.foundation.door_settings import PAGES, PLATFORM, SENDERS, DoorSettings, read_doors
from rca_core.foundation.errors import SettingsError
from rca_core.foundation.integration_settings import (
    FAILING_SYSTEMS,
    GEMINI,
    JIRA,
    SLACK,
    GeminiSettings,
    JiraSettings,
    SlackSettings,
    read_gemini,
    read_jira,
    read_slack,
)
from rca_core.foundation.retention_settings import RETENTION, RetentionSettings, read_retention
from rca_core.foundation.setting import Part, Setting
from rca_core.foundation.settings_reader import Reader
from rca_core.foundation.storage_settings import STORAGE, StorageSettings, read_storage

__all__ = [
    "PARTS",
    "GeminiSettings",
    "JiraSettings",
    "Settings",
    "SlackSettings",
    "StorageSettings",
    "read_settings",
    "settings",
]

_SIGNALR = ("AzureSignalRConnectionString", "AzureSignalRConnectionString__serviceUri")

_APP = Part(
    "The app",
    (
        Setting(
            "DASHBOARD_URL",
            "where people reach the app; links in tickets begin with it, and its pages may change things",
            "links are relative; only pages of the address that was called may",
            example="http://127.0.0.1:7071",
        ),
        Setting(
            _SIGNALR[0],
            "SignalR Service for live updates; the development host sets it to its own",
            "live updates are off; `/api/health` says so",
            secret=True,
        ),
        Setting(
            _SIGNALR[1],
            "address of SignalR Service, reached with the app's identity",
            "the connection string is used",
            example=None,
        ),
    ),
)

# Every setting that the app reads, in the order of docs/configuration.md.
PARTS = (STORAGE, _APP, ACCESS, PAGES, PLATFORM, SENDERS, GEMINI, JIRA, SLACK, FAILING_SYSTEMS, RETENTION)


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
    reader = Reader(environment, (setting for part in PARTS for setting in part.settings))
    read = Settings(
        storage=read_storage(reader),
        dashboard_url=(reader.url("DASHBOARD_URL") or "").rstrip("/"),
        databricks_host=reader.url("DATABRICKS_HOST", default_scheme="https"),
        databricks_token=reader.text("DATABRICKS_TOKEN"),
        management_url=reader.url("AZURE_MANAGEMENT_URL"),
        management_client_id=reader.text("AzureWebJobsStorage__clientId"),
        airflow_base_url=reader.url("AIRFLOW_BASE_URL"),
        airflow_token=reader.text("AIRFLOW_TOKEN"),
        live_updates=any(reader.text(name) for name in _SIGNALR),
        gemini=read_gemini(reader),
        jira=read_jira(reader),
        slack=read_slack(reader),
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
