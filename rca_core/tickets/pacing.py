"""Whose turn it is to write to a Slack channel: slots one interval apart, given out in order, over all instances.

Slack takes about one message a second and channel, and about fifty edits a minute ("Rate limits", Slack developer
documentation). A worker whose slot is not now does not wait for it: it comes back when it is due. Queues count whole
seconds and are looked at every few, so two may come for their slots at once; `begin` lets one of them write. One row a
channel in table `pacing`: `next_at` is the next free slot, `later_at` the next moment for what gives way to others,
`held_until` when Slack, having refused us, will listen again, `begun_at` when we last began to write.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.errors import TransientError
from rca_core.foundation.storage import Storage

TABLE = "pacing"
INTERVAL = timedelta(seconds=1.25)
GAP = timedelta(seconds=1)
"""This at least is between two writing calls' beginnings. Less than `INTERVAL`, so that who is late catches up."""

# A slot this close is now; more, and it would meet the one before, which came late by the queue's whole seconds.
_SOON = timedelta(seconds=0.1)
_NEAR = timedelta(seconds=3)
# The queue is looked at every five seconds at least (host.json), so messages come that late to their slots. Later, and
# many slots may have passed unused: all of them at once would be a burst.
_LATE = timedelta(seconds=15)
_ATTEMPTS = 40
_PARTITION = "slack"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Given = TypeVar("Given")


class _Row(msgspec.Struct, frozen=True):
    next_at: str = ""
    later_at: str = ""
    held_until: str = ""
    begun_at: str = ""


def reserve(storage: Storage, channel: str) -> datetime:
    """The next free slot, now at the earliest; nobody else is given it."""

    def take(row: _Row) -> tuple[datetime, _Row]:
        slot = _free(row)
        return slot, msgspec.structs.replace(row, next_at=clock.to_iso(slot + INTERVAL))

    return _change(storage, channel, take)


def give_way(storage: Storage, channel: str) -> datetime | None:
    """None if a slot is free soon; else when to ask again, behind everybody who has a slot, one after the other."""
    if _free(_read(storage, channel)[0]) <= clock.now() + _NEAR:
        return None

    def wait(row: _Row) -> tuple[datetime, _Row]:
        later = max(_free(row), _moment(row.later_at)) + INTERVAL
        return later, msgspec.structs.replace(row, later_at=clock.to_iso(later))

    return _change(storage, channel, wait)


def hold(storage: Storage, channel: str, seconds: float) -> None:
    """Gives no slots for so long, and takes back those given for that time: Slack does not listen."""
    until = clock.to_iso(clock.now() + timedelta(seconds=seconds))

    def postpone(row: _Row) -> tuple[None, _Row]:
        new = msgspec.structs.replace(row, next_at=max(row.next_at, until), held_until=max(row.held_until, until))
        return None, new

    _change(storage, channel, postpone)


def is_valid(storage: Storage, channel: str, slot: datetime) -> bool:
    """Whether a reserved slot may still be used: it is not long past, and has not been taken back."""
    return clock.now() - slot <= _LATE and clock.to_iso(slot) >= _read(storage, channel)[0].held_until


def begin(storage: Storage, channel: str) -> bool:
    """Whether the one whose slot it is may write now: not if somebody just did, then it is a matter of a second."""

    def start(row: _Row) -> tuple[bool, _Row]:
        now = clock.now()
        if now - _moment(row.begun_at) < GAP:
            return False, row
        return True, msgspec.structs.replace(row, begun_at=clock.to_iso(now))

    return _change(storage, channel, start)


def is_due(moment: datetime) -> bool:
    """Whether it is now, or past."""
    return moment <= clock.now() + _SOON


def seconds_until(moment: datetime) -> int:
    """Whole seconds until then, as queues count delays."""
    return max(1, math.ceil((moment - clock.now()).total_seconds()))


def _free(row: _Row) -> datetime:
    return max(clock.now(), _moment(row.next_at))


def _moment(text: str) -> datetime:
    return clock.from_iso(text) if text else _LONG_AGO


def _read(storage: Storage, channel: str) -> tuple[_Row, str]:
    """The row with its ETag, `""` if there is none."""
    try:
        found = storage.table(TABLE).get_entity(_PARTITION, _row_key(channel))
    except ResourceNotFoundError:
        return _Row(), ""
    return _Row(**{name: found.get(name, "") for name in _Row.__struct_fields__}), str(found.metadata["etag"])


def _change(storage: Storage, channel: str, change: Callable[[_Row], tuple[Given, _Row]]) -> Given:
    """Stores the row that `change` makes of the current one, and returns what it gives besides."""
    table = storage.table(TABLE)
    for _ in range(_ATTEMPTS):
        row, etag = _read(storage, channel)
        given, new = change(row)
        if new == row:
            return given
        entity = {"PartitionKey": _PARTITION, "RowKey": _row_key(channel), **msgspec.structs.asdict(new)}
        try:
            if etag:
                table.update_entity(
                    entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            else:
                table.create_entity(entity)
        except (ResourceModifiedError, ResourceExistsError):
            continue  # somebody else was given a slot
        return given
    raise TransientError("Too many workers want a slot of the Slack channel at once.", retry_after_seconds=2)


def _row_key(channel: str) -> str:
    return quote(channel, safe="").replace("%", "=")
