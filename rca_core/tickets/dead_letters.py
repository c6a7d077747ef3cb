"""Messages that could not be delivered, and why: on trial again (`retrying`) or given up until somebody replays them.

Table `deadletters`, one partition: there are few, or something is badly wrong. A row is named by ticket, queue and,
for a failure, report; so the newest trouble of one delivery overwrites the one before.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.diagnosis.redaction import redact
from rca_core.foundation import clock, logs
from rca_core.foundation.errors import NotFound
from rca_core.foundation.keys import fits_a_key
from rca_core.foundation.queues import Queue, resend
from rca_core.foundation.storage import Storage
from rca_core.tickets.rows import text_columns, text_of

TABLE = "deadletters"

_PARTITION = "dead"
_MOST_LISTED = 1_000
_LONGEST_REASON = 2_000
_REASON_UNKNOWN = "The reason is in the log of the app."

State = Literal["retrying", "dead"]


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that failed. `ticket_id` is `""` if the message names none; `next_try` is set while it is retried."""

    id: str
    queue: str
    ticket_id: str
    state: State
    reason: str
    tries: int
    at: str
    next_try: str = ""


class DeadLetterCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries are in trouble, by queue and by state. `or_more`: there are more than the 1,000 counted."""

    total: int
    by_queue: dict[str, int]
    retrying: int
    dead: int
    or_more: bool


def record(
    storage: Storage,
    queue: Queue,
    body: bytes,
    *,
    state: State,
    reason: str = "",
    tries: int = 0,
    next_try: str = "",
) -> DeadLetter:
    """Notes a delivery's trouble; returns what was noted. Without a reason the one noted last is kept: a poison queue
    tells none.
    """
    letter_id, ticket_id = _named(queue, body)
    known = _find(storage, letter_id) if not reason else None
    letter = DeadLetter(
        id=letter_id,
        queue=queue,
        ticket_id=ticket_id,
        state=state,
        reason=redact(reason or (known.reason if known else _REASON_UNKNOWN)).text[:_LONGEST_REASON],
        tries=max(tries, known.tries if known else 0),
        at=clock.to_iso(clock.now()),
        next_try=next_try,
    )
    row = {"PartitionKey": _PARTITION, "RowKey": letter_id, **msgspec.structs.asdict(letter)}
    row |= text_columns("body", body.decode("utf-8", "replace"))
    storage.table(TABLE).upsert_entity(row, mode=UpdateMode.REPLACE)  # a merge would leave the end of a longer body
    if state == "dead":
        logs.warning("message-dead", queue=queue, ticket_id=ticket_id or None, letter=letter_id, tries=letter.tries)
    return letter


def settled(storage: Storage, queue: Queue, body: bytes) -> None:
    """The delivery succeeded: whatever was noted of it is over."""
    with suppress(ResourceNotFoundError):
        storage.table(TABLE).delete_entity(_PARTITION, _named(queue, body)[0])


def listed(storage: Storage) -> list[DeadLetter]:
    """Those there are, newest first, at most 1,000."""
    found = _read(storage, "PartitionKey eq @partition", {"partition": _PARTITION})
    return heapq.nlargest(_MOST_LISTED, found, key=lambda letter: letter.at)


def counted(storage: Storage) -> DeadLetterCounts:
    """How many there are, 1,000 at most: one request."""
    rows = storage.table(TABLE).query_entities(
        "PartitionKey eq @partition", parameters={"partition": _PARTITION}, select=["queue", "state"]
    )
    page = list(next(rows.by_page(), ()))
    states = Counter(row["state"] for row in page)
    return DeadLetterCounts(
        total=len(page),
        by_queue=dict(sorted(Counter(row["queue"] for row in page).items())),
        retrying=states["retrying"],
        dead=states["dead"],
        or_more=len(page) == _MOST_LISTED,
    )


def of_ticket(storage: Storage, ticket_id: str) -> list[DeadLetter]:
    """Those about a ticket."""
    parameters = {"partition": _PARTITION, "from": f"{ticket_id}.", "to": f"{ticket_id}.~"}
    return list(_read(storage, "PartitionKey eq @partition and RowKey ge @from and RowKey lt @to", parameters))


def replay(storage: Storage, letter_id: str) -> DeadLetter:
    """Puts the message on its queue again and forgets the trouble; raises NotFound.

    If the process dies between the two it is still listed, and a second replay does no harm.
    """
    try:
        if not fits_a_key(letter_id):
            raise ResourceNotFoundError
        row = storage.table(TABLE).get_entity(_PARTITION, letter_id)
    except ResourceNotFoundError:
        raise NotFound(f"There is no dead letter {letter_id[:100]!r}: it was replayed, or delivered since.") from None
    letter = _letter(row)
    resend(storage, Queue(letter.queue), text_of(row, "body"))
    with suppress(ResourceNotFoundError):
        storage.table(TABLE).delete_entity(_PARTITION, letter_id)
    return letter


def forget(storage: Storage, ticket_id: str) -> None:
    """Removes those about a ticket that is gone."""
    for letter in of_ticket(storage, ticket_id):
        remove(storage, letter.id)


def given_up_before(storage: Storage, stamp: str) -> list[DeadLetter]:
    """Those that nobody replayed since then, but for failures that have no ticket yet: these wait for ever."""
    found = _read(storage, "PartitionKey eq @partition and at lt @stamp", {"partition": _PARTITION, "stamp": stamp})
    return [letter for letter in found if letter.state == "dead" and letter.queue != Queue.FAILURES]


def bodies_named(storage: Storage) -> set[str]:
    """Blobs with bodies of failures that somebody may replay."""
    rows = storage.table(TABLE).query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
    return {name for row in rows if (name := _body_blob(text_of(row, "body")))}


def remove(storage: Storage, letter_id: str) -> None:
    """Removes one that nobody will replay."""
    with suppress(ResourceNotFoundError):
        storage.table(TABLE).delete_entity(_PARTITION, letter_id)


def _body_blob(body: str) -> str:
    try:
        message = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    return str(message.get("body_blob") or "") if isinstance(message, dict) else ""


def _named(queue: Queue, body: bytes) -> tuple[str, str]:
    """The row of a message, and the ticket it is about."""
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = None
    told: dict[str, Any] = message if isinstance(message, dict) else {}
    ticket_id = str(told.get("ticket_id", ""))
    if queue == Queue.LIVE_UPDATES:
        # A hint that came late is worth nothing: all that matters is that hints do not get out.
        return f"hints.{queue}", ""
    if not ticket_id:
        return f"unknown.{queue}.{hashlib.sha256(body).hexdigest()[:16]}", ""
    report = hashlib.sha256(str(told.get("report_key", "")).encode()).hexdigest()[:8]
    return f"{ticket_id}.{queue}.{report}", ticket_id


def _find(storage: Storage, letter_id: str) -> DeadLetter | None:
    try:
        return _letter(storage.table(TABLE).get_entity(_PARTITION, letter_id))
    except ResourceNotFoundError:
        return None


def _read(storage: Storage, query: str, parameters: dict[str, Any]) -> Iterator[DeadLetter]:
    columns = list(DeadLetter.__struct_fields__)
    for row in storage.table(TABLE).query_entities(query, parameters=parameters, select=columns):
        yield _letter(row)


def _letter(row: Any) -> DeadLetter:
    return msgspec.convert({name: row[name] for name in DeadLetter.__struct_fields__ if name in row}, DeadLetter)
