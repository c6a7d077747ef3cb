"""Which run has which ticket. Inserting a run's row is the claim: exactly one of many callers wins it."""

import hashlib
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.failure import Failure
from rca_core.foundation.schema import refuse_newer, stamped
from rca_core.foundation.storage import Storage
from rca_core.tickets.ticket import new_ticket_id

TABLE = "runs"

# One column for each report that the ticket holds: concurrent writers add theirs without reading the row.
_RECORDED = "r_"
MOST_RECORDED = 200
"""An entity has at most 252 columns of its own ("Understanding the Table service data model"). What is reported about a
run beyond this many reports is not recorded here: a repeat of it is queued again, and triage finds it in the ticket."""


class Claim(msgspec.Struct, frozen=True):
    """A run's ticket. `won` says that this caller made the claim; `recorded` are the reports the ticket holds."""

    run_hash: str
    ticket_id: str
    claimed_at: str
    won: bool
    recorded: frozenset[str] = frozenset()

    def holds(self, report_key: str) -> bool:
        """Whether the ticket is known to hold this report, so that nothing is left to do about it."""
        return report_key in self.recorded


def run_hash(failure: Failure) -> str:
    """The hash of the run key; the length before each part keeps ("ab", "c") and ("a", "bc") apart."""
    text = "".join(f"{len(part)}:{part}" for part in failure.run_key)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claim(storage: Storage, failure: Failure) -> Claim:
    """The claim on the failure's run: a new one with a new ticket id, or the one that is there.

    A process that dies after the claim leaves a row whose `recorded` is empty; the sender's retry then finds
    that its report is not recorded and queues it again.
    """
    runs = storage.table(TABLE)
    key = run_hash(failure)
    moment = clock.now()
    new = Claim(key, new_ticket_id(failure.source, moment), clock.to_iso(moment), won=True)
    try:
        runs.create_entity(claim_entity(new))
    except ResourceExistsError:
        return _read(runs.get_entity(**_point(key)), key)
    return new


def claim_entity(made: Claim) -> dict[str, Any]:
    """The row that says so."""
    recorded = {f"{_RECORDED}{report}": True for report in made.recorded}
    return stamped({**_row_id(made.run_hash), "ticket_id": made.ticket_id, "claimed_at": made.claimed_at, **recorded})


def find(storage: Storage, run: str) -> Claim | None:
    """The claim on the run with this hash; None if nobody made one."""
    try:
        return _read(storage.table(TABLE).get_entity(**_point(run)), run)
    except ResourceNotFoundError:
        return None


def record(storage: Storage, run: str, report_key: str) -> None:
    """Notes that the ticket of the run with this hash holds the report: a repeat of it needs no more work."""
    storage.table(TABLE).update_entity({**_row_id(run), f"{_RECORDED}{report_key}": True}, mode=UpdateMode.MERGE)


def move(storage: Storage, run: str, from_ticket_id: str, to_ticket_id: str) -> str:
    """Gives the run another ticket id, unless somebody has done so already; returns the id that holds."""
    runs = storage.table(TABLE)
    row = runs.get_entity(**_point(run))
    if row["ticket_id"] != from_ticket_id:
        return str(row["ticket_id"])
    try:
        runs.update_entity(
            {**_row_id(run), "ticket_id": to_ticket_id},
            mode=UpdateMode.MERGE,
            etag=row.metadata["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
    except ResourceModifiedError:
        return str(runs.get_entity(**_point(run))["ticket_id"])
    return to_ticket_id


def forget(storage: Storage, run: str, ticket_id: str) -> None:
    """Removes the claim on the run with this hash if it still leads to this ticket, which is gone."""
    row = find(storage, run)
    if row is not None and row.ticket_id == ticket_id:
        storage.table(TABLE).delete_entity(_row_id(run))


def _read(row: Any, key: str) -> Claim:
    refuse_newer(row)
    recorded = frozenset(name.removeprefix(_RECORDED) for name in row if name.startswith(_RECORDED))
    return Claim(key, row["ticket_id"], row["claimed_at"], won=False, recorded=recorded)


def _row_id(key: str) -> dict[str, str]:
    return {"PartitionKey": key[:2], "RowKey": key}


def _point(key: str) -> dict[str, str]:
    return {"partition_key": key[:2], "row_key": key}
