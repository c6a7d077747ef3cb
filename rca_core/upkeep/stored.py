"""What the app stores, and what of it is kept when it is moved elsewhere."""

from rca_core.access import accounts, invitations, sessions, throttle, tokens
from rca_core.integrations import archive
from rca_core.tickets import (
    claims,
    dead_letters,
    jira_events,
    jira_statuses,
    model_budget,
    owner_table,
    pacing,
    recall,
    store,
    sync,
)

TABLES = (
    accounts.TABLE,
    tokens.TABLE,
    invitations.TABLE,
    throttle.TABLE,
    claims.TABLE,
    recall.TABLE,
    sync.TABLE,
    jira_events.DELIVERIES,
    jira_statuses.TABLE,
    owner_table.TABLE,
    pacing.TABLE,
    model_budget.TABLE,
    dead_letters.TABLE,
    store.TABLE,
)
"""Tables that are exported, in this order: claims before tickets, so that a claim that says that its ticket holds a
report is never without that ticket. They are imported in the opposite order, for the same reason."""

LEFT_OUT = (sessions.TABLE,)
"""Whoever had a session signs in again."""

CONTAINERS = (archive.WAITING, archive.ARCHIVE)
"""Blob containers that are exported, after the tables; they are imported first."""
