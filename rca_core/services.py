"""The objects that one process shares: made on first use, kept for its life."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation.settings import JiraSettings, SlackSettings, settings
from rca_core.foundation.storage import PATIENT, Storage
from rca_core.tickets.store import TicketStore

if TYPE_CHECKING:
    from rca_core.integrations.jira import JiraClient
    from rca_core.integrations.slack import Slack


@cache
def storage() -> Storage:
    """The storage account of the settings; raises SettingsError if they are wrong."""
    return Storage(settings().storage)


def patient_storage() -> Storage:
    """The same account for work of minutes, which one slow answer must not end. A new one each time: who works some
    minutes a night looks anew whether each table is there.
    """
    return Storage(settings().storage, PATIENT)


@contextmanager
def noticing_what_is_gone() -> Iterator[None]:
    """If a table, queue or container is found missing in here, it is made anew at its next use."""
    try:
        yield
    except ResourceNotFoundError:
        storage().forget()
        raise


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
