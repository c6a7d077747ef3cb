"""What Jira's webhook must know and only the worker learns: which issue belongs to which ticket, and who we are there.

Rows of table `sync`, beside those of the copies. The webhook reads them and need not ask Jira, whose trouble would
become its own.
"""

import re

from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation.storage import Storage
from rca_core.integrations.jira_shapes import Issue
from rca_core.tickets.sync import TABLE

_ISSUES = "jira-issue"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_ACCOUNT = ("jira-account", "own")


def note_issue(storage: Storage, issue: Issue, ticket_id: str) -> None:
    """Notes whose issue this is, by id and by key: a small webhook body may hold the key alone."""
    for name in (issue.id, issue.key):
        storage.table(TABLE).upsert_entity({"PartitionKey": _ISSUES, "RowKey": name, "ticket_id": ticket_id})


def ticket_of(storage: Storage, issue_id: str, key: str) -> str | None:
    """The ticket of an issue, by its id or, as long as that is not known, by its key."""
    names = [name for name in (issue_id, key) if _NAME.fullmatch(name)]
    return next(filter(None, (_read(storage, _ISSUES, name, "ticket_id") for name in names)), None)


def issue_entity(name: str, ticket_id: str) -> dict[str, str] | None:
    """The row that says whose issue this is, by its id or its key; None if that is no name of an issue."""
    return {"PartitionKey": _ISSUES, "RowKey": name, "ticket_id": ticket_id} if _NAME.fullmatch(name) else None


def forget_issue(storage: Storage, ticket_id: str, *names: str) -> None:
    """Removes what the issue of a ticket that is gone is known by."""
    for name in names:
        if _NAME.fullmatch(name) and _read(storage, _ISSUES, name, "ticket_id") == ticket_id:
            storage.table(TABLE).delete_entity(_ISSUES, name)


def note_account(storage: Storage, account: str) -> None:
    """Notes our own account, whose changes are no news to us."""
    partition, row = _ACCOUNT
    storage.table(TABLE).upsert_entity({"PartitionKey": partition, "RowKey": row, "account": account})


def own_account(storage: Storage) -> str | None:
    """Our own account; None as long as no worker has asked Jira."""
    return _read(storage, *_ACCOUNT, "account")


def _read(storage: Storage, partition: str, row: str, column: str) -> str | None:
    try:
        return str(storage.table(TABLE).get_entity(partition, row)[column])
    except ResourceNotFoundError:
        return None
