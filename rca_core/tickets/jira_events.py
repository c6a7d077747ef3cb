"""What Jira's webhook tells: which ticket to look at. Nothing else is taken from it, the worker reads the issue.

So bodies may be small (an issue and no more), of a workflow's post function (no event name), late, repeated or out of
order. Kinds of events and headers: "Webhooks", Atlassian developer documentation.
"""

import hashlib
from typing import Any, Literal

import msgspec
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from rca_core.foundation import clock
from rca_core.foundation.evidence import dig, objects, words
from rca_core.foundation.queues import Queue, send
from rca_core.foundation.storage import Storage
from rca_core.tickets import jira_known
from rca_core.tickets.jira_issue import labelled_ticket
from rca_core.tickets.sync import SyncMessage

DELIVERIES = "deliveries"

_EVENTS = frozenset({"jira:issue_created", "jira:issue_updated", "jira:issue_deleted"})
# What a change must touch to matter to us; "Key" and "project" change when an issue is moved.
_FIELDS = frozenset({"status", "project", "key", "labels", "issuetype", "workflow"})
_LONGEST_NAME = 200


class Heard(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the webhook answers. `reason` says why an event was ignored."""

    status: Literal["accepted", "ignored"]
    reason: str = ""
    ticket_id: str | None = None


def hear(storage: Storage, event: dict[str, Any], delivery: str) -> Heard:
    """Queues a look at the ticket that the event is about; `delivery` is the delivery's own id, `""` without one.

    A delivery is noted once it is queued: if the process dies between the two, its repetition is queued as well, and
    finds nothing to do.
    """
    if reason := _of_no_matter(event):
        return Heard("ignored", reason)
    issue = event["issue"]
    ticket_id = jira_known.ticket_of(storage, words(issue.get("id")), words(issue.get("key")))
    ticket_id = ticket_id or labelled_ticket(_labels(issue))
    if ticket_id is None:
        return Heard("ignored", "The issue belongs to no ticket.")
    if _account(event) and _account(event) == jira_known.own_account(storage):
        return Heard("ignored", "The change is our own.", ticket_id)
    if delivery and _was_heard(storage, delivery):
        return Heard("ignored", "This delivery was heard before.", ticket_id)
    by = words(dig(event, "user", "displayName"))[:_LONGEST_NAME]
    send(storage, Queue.JIRA_UPDATES, SyncMessage(ticket_id, by=by))
    if delivery:
        _note(storage, delivery)
    return Heard("accepted", ticket_id=ticket_id)


def _of_no_matter(event: dict[str, Any]) -> str:
    """Why the event says nothing to us, `""` if it may."""
    kind = words(event.get("webhookEvent"))
    if kind and kind not in _EVENTS:
        return f"Events of this kind say nothing about a status: {kind[:60]}."
    if not isinstance(event.get("issue"), dict):
        return "The event names no issue."
    if kind == "jira:issue_updated":
        changed = {words(item.get("field")).lower() for item in objects(dig(event, "changelog", "items"))}
        if changed and not changed & _FIELDS:
            return "Neither status nor place of the issue changed."
    return ""


def _labels(issue: dict[str, Any]) -> list[str]:
    labels = dig(issue, "fields", "labels")
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def _account(event: dict[str, Any]) -> str:
    """Whose change it was: the account's id on Cloud, its name on Data Center."""
    return words(dig(event, "user", "accountId")) or words(dig(event, "user", "name"))


def _was_heard(storage: Storage, delivery: str) -> bool:
    try:
        storage.table(DELIVERIES).get_entity(*_key(delivery))
    except ResourceNotFoundError:
        return False
    return True


def _note(storage: Storage, delivery: str) -> None:
    partition, row = _key(delivery)
    try:
        storage.table(DELIVERIES).create_entity(
            {"PartitionKey": partition, "RowKey": row, "at": clock.to_iso(clock.now())}
        )
    except ResourceExistsError:  # the same delivery, heard twice at once: both are queued, one finds nothing to do
        return


def _key(delivery: str) -> tuple[str, str]:
    digest = hashlib.sha256(delivery.encode("utf-8", "replace")).hexdigest()
    return f"jira-{digest[:2]}", digest
