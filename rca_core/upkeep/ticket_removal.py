"""Removing tickets that were acknowledged long ago, with all that belongs to them but their audit trail.

A ticket, its list row and its counts go in one transaction, which holds only if nobody has touched the ticket since
it was looked at: who reopens it keeps it. The transaction leaves a row (`R|`) that names what belonged to the ticket:
its claims, the state of its copies, its occurrence in recall, its dead letters, its blobs. These go next, and that row
last. So after a death on any line a ticket is whole or gone, and the next run clears away what the last one left. The
other way round, a death, or a person who reopens the ticket, would leave one without its texts, and its run free for a
second ticket.

Counts go over to the month's rows of the past (`H|`): the summary tells what there is, and history loses nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation import clock
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, dead_letters, jira_known, recall, rows, sync
from rca_core.tickets.store import TABLE, Operation, TicketStore
from rca_core.tickets.ticket import Ticket, month_and_day
from rca_core.upkeep.month_rows import removed
from rca_core.upkeep.tally import Tally, key_of

# Who removes another ticket that the same row counts, or an app that changes one, may be faster.
_ATTEMPTS = 10


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What belonged to a ticket that is gone; `runs` are the hashes of its runs, separated by blanks."""

    ticket_id: str
    runs: str
    fingerprint: str = ""
    issue: str = ""
    issue_key: str = ""


def removable(store: TicketStore, month: str, before: datetime) -> Iterator[str]:
    """Ids of the month's tickets that were acknowledged before then; those acknowledged at no time stay."""
    stamp = clock.to_iso(before)
    # Whatever was acknowledged before then was made before then, and the list is sorted by that.
    for row in store.read(month, rows.list_prefix("acknowledged"), after=clock.reverse_key(before)):
        listed = rows.list_row(row)
        if listed.ack_ts and listed.ack_ts < stamp:
            yield listed.id


def remove(storage: Storage, store: TicketStore, ticket_id: str, before: datetime) -> bool:
    """Removes the ticket and what belongs to it; False if it is none to be removed any more, or changes too fast."""
    for _ in range(_ATTEMPTS):
        row = _row(storage, ticket_id)
        ticket = row and rows.ticket_from(row)
        if ticket is None or ticket.status != "acknowledged" or (ticket.ack_ts or "") >= clock.to_iso(before):
            return False
        remains = _remains(storage, ticket)
        if removed(store, _removing(storage, row, ticket, remains)):
            clear_away(storage, remains)
            return True
    return False


def _removing(storage: Storage, row: Any, ticket: Ticket, remains: Remains) -> list[Operation]:
    """What removes the ticket if it is as it was read; its counts go over to those of the past."""
    month, day = month_and_day(ticket.id)
    now, past = (Tally.read(storage, month, key_of(ticket.id, past=is_past)) for is_past in (False, True))
    now.take(day, ticket, audits=0)
    past.add(day, ticket, audits=0)
    return [
        ("delete", row, {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}),
        ("delete", rows.list_entity(ticket)),
        now.operation(),
        past.operation(),
        ("upsert", _entity(remains)),
    ]


def _remains(storage: Storage, ticket: Ticket) -> Remains:
    copy = sync.read(storage, ticket.id, "jira")
    return Remains(
        ticket_id=ticket.id,
        runs=" ".join([ticket.run_hash, *ticket.other_run_hashes]),
        fingerprint=ticket.fingerprint or "",
        issue=copy.remote,
        issue_key=copy.place or ticket.itsm_ticket_id or "",
    )


def _row(storage: Storage, ticket_id: str) -> Any | None:
    try:
        return storage.table(TABLE).get_entity(month_and_day(ticket_id)[0], rows.ticket_key(ticket_id))
    except ResourceNotFoundError:
        return None


def left_over(store: TicketStore, month: str) -> list[Remains]:
    """What a run that died left of the month's removed tickets."""
    fields = Remains.__struct_fields__
    found = store.read(month, rows.REMAINS_PREFIX)
    return [msgspec.convert({name: row[name] for name in fields if name in row}, Remains) for row in found]


def clear_away(storage: Storage, remains: Remains) -> None:
    """Removes what belonged to the ticket, and at last the note of it.

    If a run died before its claims went, a new report may have brought the ticket back under its old id: then what is
    there is the new one's, and only the note goes.
    """
    if _row(storage, remains.ticket_id) is None:
        _clear(storage, remains)
    storage.table(TABLE).delete_entity(_entity(remains))


def _clear(storage: Storage, remains: Remains) -> None:
    ticket_id = remains.ticket_id
    for run in remains.runs.split():
        claims.forget(storage, run, ticket_id)
    if remains.fingerprint:
        recall.forget(storage, remains.fingerprint, ticket_id)
    jira_known.forget_issue(storage, ticket_id, remains.issue, remains.issue_key)
    sync.forget(storage, ticket_id)
    dead_letters.forget(storage, ticket_id)
    archive.remove_of_ticket(storage, ticket_id)


def _entity(remains: Remains) -> dict[str, Any]:
    key = {"PartitionKey": month_and_day(remains.ticket_id)[0], "RowKey": f"{rows.REMAINS_PREFIX}{remains.ticket_id}"}
    return {**key, **msgspec.structs.asdict(remains)}
