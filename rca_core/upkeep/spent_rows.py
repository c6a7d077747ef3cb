"""Removing rows that have served: each is of no use any more after the days given here, whoever asks.

Each condition is asked of storage. A row that is used again meanwhile has changed, and stays.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from rca_core.access import invitations, sessions, throttle
from rca_core.foundation import clock
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.storage import Storage
from rca_core.tickets import dead_letters, jira_events

DELIVERY_DAYS = 30
"""Jira repeats a delivery for some hours at most."""

INVITATION_DAYS = 30
"""How long an admin sees that an invitation was never used."""

DEAD_LETTER_DAYS = 90
"""How long a delivery to Jira, Slack or the model can be replayed."""

UNCLAIMED_BODY_DAYS = 30
"""A failure is worked on within minutes, or waits as a dead letter that names its body."""


class _Spent(NamedTuple):
    table: str
    condition: str


def remove_spent(storage: Storage, access: AccessSettings, now: datetime, go_on: Callable[[], bool]) -> dict[str, int]:
    """Removes them as long as `go_on` says so; returns how many of each table."""
    removed = {}
    for spent in _spent(access, now):
        removed[spent.table] = _remove(storage, spent, go_on)
    letters = dead_letters.given_up_before(storage, _before(now, days=DEAD_LETTER_DAYS))
    for letter in letters:
        dead_letters.remove(storage, letter.id)
    return {**removed, dead_letters.TABLE: len(letters)}


def _spent(access: AccessSettings, now: datetime) -> list[_Spent]:
    unused = _before(now, minutes=access.session_idle_minutes)
    too_old = _before(now, hours=access.session_max_hours)
    forgotten = _before(now, days=throttle.KNOWN_DAYS)
    return [
        _Spent(sessions.TABLE, f"seen lt '{unused}' or created lt '{too_old}'"),
        # A lock lasts a quarter of an hour, a known address as long as this.
        _Spent(throttle.TABLE, f"last lt '{forgotten}' and succeeded lt '{forgotten}' and until lt '{forgotten}'"),
        _Spent(invitations.TABLE, f"expires lt '{_before(now, days=INVITATION_DAYS)}'"),
        _Spent(jira_events.DELIVERIES, f"at lt '{_before(now, days=DELIVERY_DAYS)}'"),
    ]


def _remove(storage: Storage, spent: _Spent, go_on: Callable[[], bool]) -> int:
    table, removed = storage.table(spent.table), 0
    for row in table.query_entities(spent.condition, select=["PartitionKey", "RowKey"]):
        if not go_on():
            break
        try:
            table.delete_entity(row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
        except (ResourceModifiedError, ResourceNotFoundError):
            continue
        removed += 1
    return removed


def _before(now: datetime, **span: float) -> str:
    return clock.to_iso(now - timedelta(**span))
