"""The objects that one process shares: made on first use, kept for its life."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rca_core.foundation.settings import JiraSettings, SlackSettings, settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore

if TYPE_CHECKING:
    from rca_core.integrations.jira import JiraClient
    from rca_core.integrations.slack import Slack


@cache
def storage() -> Storage:
    """The storage account of the settings; raises SettingsError if they are wrong."""
    return Storage(settings().storage)


@cache
def ticket_store() -> TicketStore:
    """The tickets in that account."""
    return TicketStore(storage())


@cache
def jira(known: JiraSettings) -> JiraClient:
    """The client of Jira; it makes no call until it is used."""
    from rca_core.integrations.jira import JiraClient

    return JiraClient(known)


@cache
def slack(known: SlackSettings) -> Slack:
    """The client of Slack; it makes no call until it is used."""
    from rca_core.integrations.slack import Slack

    return Slack(known)
