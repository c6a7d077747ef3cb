"""What was seen before: every fingerprint's occurrences, what fixed it, and whether the model was asked about it.

Table `recall`, partition = the last two digits of the fingerprint: `<fingerprint>|O|<ticket>` for each ticket and
`<fingerprint>|R` for what is known of them all; both change in one transaction, so `seen` is exact however often a
delivery repeats. The row only points to tickets: what they say is read from them, so that a ticket that was
reopened or judged wrong answers no more.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.errors import TransientError
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket

TABLE = "recall"

FRESH = timedelta(days=7)
"""How long a model's answer is reused."""

ASKING = timedelta(minutes=3)
"""How long one worker has the right to ask the model about a fingerprint: longer than a call and its repair take."""

_MOST_FIXES = 5
_ATTEMPTS = 50


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a fingerprint. `fixes` are ids of tickets that were acknowledged with a note, newest first.

    `answer_ticket` is the ticket whose analysis by the model may be reused, `answer_at` when it was made.
    `asking_ticket` is about to ask the model, until `asking_until`; after a call that failed, nobody asks before
    `rest_until`, and `rest_reason` says why.
    """

    seen: int = 0
    last_ticket: str = ""
    last_seen: str = ""
    fixes: tuple[str, ...] = ()
    answer_ticket: str = ""
    answer_at: str = ""
    asking_ticket: str = ""
    asking_until: str = ""
    rest_until: str = ""
    rest_reason: str = ""


class Fix(msgspec.Struct, frozen=True):
    """What fixed it before: the ticket that says so, and how often it was seen until now."""

    ticket: Ticket
    seen: int


def remembered(storage: Storage, fingerprint: str | None) -> Memory:
    """What is known of a fingerprint; an empty memory of a new one."""
    return _read(storage, fingerprint)[0] if fingerprint else Memory()


def fix_of(store: TicketStore, memory: Memory, ticket_id: str) -> Fix | None:
    """The newest ticket, other than this one, that is still acknowledged with the note that says what helped."""
    for candidate in memory.fixes:
        found = store.find(candidate) if candidate != ticket_id else None
        if found is not None and found.status == "acknowledged" and found.resolution:
            return Fix(found, memory.seen)
    return None


def answer_of(store: TicketStore, memory: Memory, ticket_id: str) -> Ticket | None:
    """The ticket whose analysis by the model can be reused: fresh, still the model's, and not judged wrong."""
    if not memory.answer_ticket or memory.answer_ticket == ticket_id:
        return None
    if clock.from_iso(memory.answer_at) + FRESH < clock.now():
        return None
    found = store.find(memory.answer_ticket)
    if found is None or found.diagnosis.engine != "gemini" or any(one.verdict == "wrong" for one in found.feedback):
        return None
    return found


def note_occurrence(storage: Storage, ticket: Ticket) -> None:
    """Counts the ticket among those of its fingerprint, once however often this is repeated."""
    if not ticket.fingerprint:
        return
    table = storage.table(TABLE)
    for _ in range(_ATTEMPTS):
        memory, etag = _read(storage, ticket.fingerprint)
        new = msgspec.structs.replace(
            memory, seen=memory.seen + 1, last_ticket=ticket.id, last_seen=max(memory.last_seen, ticket.timestamp)
        )
        occurrence = {**_point(ticket.fingerprint), "RowKey": f"{ticket.fingerprint}|O|{ticket.id}"}
        try:
            table.submit_transaction([("create", occurrence), _operation(ticket.fingerprint, new, etag)])
            return
        except TableTransactionError as error:
            if error.status_code not in (409, 412):
                raise
        if _is_there(storage, occurrence):
            return
    raise TransientError("Too many writers at one fingerprint at once.", retry_after_seconds=2)


def offer_fix(storage: Storage, ticket: Ticket) -> None:
    """Notes that the ticket may tell what fixed it: called before the ticket is acknowledged with a note.

    If the acknowledgement does not come about, the offer does no harm: `fix_of` reads the ticket.
    """
    if ticket.fingerprint:

        def offered(memory: Memory) -> Memory:
            others = [one for one in memory.fixes if one != ticket.id]
            return msgspec.structs.replace(memory, fixes=(ticket.id, *others)[:_MOST_FIXES])

        _change(storage, ticket.fingerprint, offered)


def begin_asking(storage: Storage, fingerprint: str, ticket_id: str, *, looked_at: Memory) -> str:
    """Whether this ticket may ask the model about its fingerprint: `granted`, `busy` if another is at it or has
    found an answer since the memory was `looked_at`, else why nobody should for now.
    """
    now = clock.now()
    said: list[str] = []

    def claimed(memory: Memory) -> Memory:
        said.clear()
        if memory.rest_until > clock.to_iso(now):
            said.append(f"the model was asked about the same failure shortly before, in vain: {memory.rest_reason}")
            return memory
        asked_by_another = memory.asking_until > clock.to_iso(now) and memory.asking_ticket != ticket_id
        if asked_by_another or memory.answer_at != looked_at.answer_at:
            said.append("busy")
            return memory
        said.append("granted")
        return msgspec.structs.replace(memory, asking_ticket=ticket_id, asking_until=clock.to_iso(now + ASKING))

    _change(storage, fingerprint, claimed)
    return said[0]


def end_asking(
    storage: Storage,
    fingerprint: str,
    ticket_id: str,
    *,
    answered: bool = False,
    failure: str = "",
    rest: timedelta | None = None,
) -> None:
    """Gives the right back, with what came of it: an answer to reuse, or a failure after which all wait for `rest`."""

    def ended(memory: Memory) -> Memory:
        now = clock.now()
        new = memory
        if answered:
            new = msgspec.structs.replace(new, answer_ticket=ticket_id, answer_at=clock.to_iso(now))
        if rest is not None:
            new = msgspec.structs.replace(new, rest_until=clock.to_iso(now + rest), rest_reason=failure[:500])
        if memory.asking_ticket == ticket_id:
            new = msgspec.structs.replace(new, asking_ticket="", asking_until="")
        return new

    _change(storage, fingerprint, ended)


def _change(storage: Storage, fingerprint: str, change: Callable[[Memory], Memory]) -> None:
    for _ in range(_ATTEMPTS):
        memory, etag = _read(storage, fingerprint)
        new = change(memory)
        if new == memory:
            return
        kind, entity, *options = _operation(fingerprint, new, etag)
        table = storage.table(TABLE)
        try:
            if kind == "create":
                table.create_entity(entity)
            else:
                table.update_entity(entity, **options[0])
            return
        except (ResourceExistsError, ResourceModifiedError):
            continue
    raise TransientError("Too many writers at one fingerprint at once.", retry_after_seconds=2)


def _read(storage: Storage, fingerprint: str) -> tuple[Memory, str | None]:
    point = _point(fingerprint)
    try:
        row = storage.table(TABLE).get_entity(point["PartitionKey"], point["RowKey"])
    except ResourceNotFoundError:
        return Memory(), None
    fields = {name: row[name] for name in Memory.__struct_fields__ if name in row}
    fields["fixes"] = tuple(filter(None, fields.get("fixes", "").split(" ")))
    return Memory(**fields), row.metadata["etag"]


def _operation(fingerprint: str, memory: Memory, etag: str | None) -> tuple[Any, ...]:
    entity = {**_point(fingerprint), **msgspec.structs.asdict(memory), "fixes": " ".join(memory.fixes)}
    if etag is None:
        return ("create", entity)
    options = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    return ("update", entity, options)


def _is_there(storage: Storage, point: dict[str, str]) -> bool:
    try:
        storage.table(TABLE).get_entity(point["PartitionKey"], point["RowKey"])
    except ResourceNotFoundError:
        return False
    return True


def _point(fingerprint: str) -> dict[str, str]:
    return {"PartitionKey": fingerprint[-2:], "RowKey": f"{fingerprint}|R"}
