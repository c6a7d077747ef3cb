"""How far a ticket's copy in another system (a Jira issue, a Slack message) is, and who is at work on it.

One row a ticket and system in table `sync`. Taking the row's lease keeps two workers from making two copies; a worker
that died gives it up by its end. What was agreed last stands in the row, so that a difference tells which side changed.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Literal

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.errors import TransientError
from rca_core.foundation.schema import refuse_newer, stamped
from rca_core.foundation.storage import Storage

TABLE = "sync"
LEASE_SECONDS = 90

System = Literal["jira", "slack"]


class SyncMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What travels on "jira-updates" and "slack-updates": look at this ticket and bring the other side in step.

    It says nothing about what changed: the worker reads both sides, so a repeat, a delay or another order does no harm.
    `by` is the person whose change on the other side gave the occasion. `slot` is when a paced message may
    go out. `tries` counts failed attempts.
    """

    ticket_id: str
    by: str = ""
    slot: str = ""
    tries: int = 0


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a ticket's copy.

    `remote` is its id there (an issue's, a message's time stamp), `place` where it is (issue key, channel id).
    `agreed` is the ticket status that both sides had when they were last in step, `content` tells what was last
    written there.
    `attempted_at` is set before the copy (in Slack, or its details) is made: with no `remote` beside it, one may have
    been made by a worker that died. `gone` says that somebody deleted it there.

    Slack alone: `slot` is when a message that is already on its way through the queue will write, so that others need
    not. `details` is the id of the reply in the thread, `details_content` a digest of it, set before it is posted: with
    no `details` beside it, one may have been posted by a worker that died.
    """

    remote: str = ""
    place: str = ""
    agreed: str = ""
    content: str = ""
    attempted_at: str = ""
    gone: bool = False
    slot: str = ""
    details: str = ""
    details_content: str = ""


class Busy(TransientError):
    """Another worker is at this copy."""


class Lease:
    """The right to work on one copy, for `LEASE_SECONDS`. `copy` is its state as last saved."""

    def __init__(self, storage: Storage, row: dict[str, str], copy: Copy, etag: str) -> None:
        self._table = storage.table(TABLE)
        self._row = row
        self.copy = copy
        self._etag = etag

    def save(self, **changes: Any) -> None:
        """Stores the copy with these changes; raises Busy if the lease ran out and somebody else took it."""
        self._write({}, changes)

    def release(self) -> None:
        """Lets others at it, unless one is there already because the lease ran out."""
        with suppress(Busy):
            self._write({"leased_until": "", "holder": ""}, {})

    def _write(self, lease: dict[str, str], changes: dict[str, Any]) -> None:
        copy = msgspec.structs.replace(self.copy, **changes)
        try:
            written = self._table.update_entity(
                {**self._row, **lease, **msgspec.structs.asdict(copy)},
                mode=UpdateMode.MERGE,
                etag=self._etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError as error:
            raise Busy("The lease on the copy ran out; another worker has it.") from error
        self.copy, self._etag = copy, written["etag"]


@contextmanager
def leased(storage: Storage, ticket_id: str, system: System, seconds: int = LEASE_SECONDS) -> Iterator[Lease]:
    """The lease on a ticket's copy; raises Busy if another worker has it."""
    lease = _take(storage, ticket_id, system, seconds)
    try:
        yield lease
    finally:
        lease.release()


def read(storage: Storage, ticket_id: str, system: System) -> Copy:
    """The state of a copy, without a lease."""
    try:
        return _copy(storage.table(TABLE).get_entity(ticket_id, system))
    except ResourceNotFoundError:
        return Copy()


def copy_entity(ticket_id: str, system: System, copy: Copy) -> dict[str, Any]:
    """The row of a copy that nobody is at work on."""
    return stamped({"PartitionKey": ticket_id, "RowKey": system, **msgspec.structs.asdict(copy)})


def forget(storage: Storage, ticket_id: str) -> None:
    """Removes what is known of the copies of a ticket that is gone."""
    table = storage.table(TABLE)
    for row in list(table.query_entities("PartitionKey eq @ticket", parameters={"ticket": ticket_id})):
        table.delete_entity(row)


def _take(storage: Storage, ticket_id: str, system: System, seconds: int) -> Lease:
    table = storage.table(TABLE)
    row = {"PartitionKey": ticket_id, "RowKey": system}
    now = clock.now()
    lease = {"leased_until": clock.to_iso(now + timedelta(seconds=seconds)), "holder": secrets.token_hex(8)}
    try:
        created = table.create_entity(stamped({**row, **lease, **msgspec.structs.asdict(Copy())}))
        return Lease(storage, row, Copy(), created["etag"])
    except ResourceExistsError:
        found = table.get_entity(ticket_id, system)
    refuse_newer(found)
    held_until = found.get("leased_until", "")
    if held_until > clock.to_iso(now):
        left = (clock.from_iso(held_until) - now).total_seconds()
        raise Busy(f"Another worker is at the {system} copy.", retry_after_seconds=max(1, min(int(left) + 1, 5)))
    try:
        taken = table.update_entity(
            {**row, **lease},
            mode=UpdateMode.MERGE,
            etag=found.metadata["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
    except ResourceModifiedError as error:
        raise Busy(f"Another worker is at the {system} copy.", retry_after_seconds=1) from error
    return Lease(storage, row, _copy(found), taken["etag"])


def _copy(row: Any) -> Copy:
    refuse_newer(row)
    return msgspec.convert({name: row[name] for name in Copy.__struct_fields__ if name in row}, Copy)
