"""What was seen before: every fingerprint's occurrences, what fixed it, and whether the model was asked about it.

Table `recall`, partition = the last two digits of the fingerprint: `<fingerprint>|O|<ticket>` for each ticket and
`<fingerprint>|R` for what is known of them all. That row only points to tickets: what they say is read from them, so
that a ticket that was reopened or judged wrong answers no more. It changes rarely, so a storm of one kind of failure
does not queue up for it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from rca_core.foundation import clock
from rca_core.foundation.errors import TransientError
from rca_core.foundation.schema import refuse_newer, stamped
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket

TABLE = "recall"

FRESH = timedelta(days=7)
"""How long a model's answer is reused."""

ASKING = timedelta(minutes=3)
"""How long one worker has the right to ask the model about a fingerprint: longer than a call and its repair take."""

MOST_COUNTED = 100
"""To know that a failure is an old acquaintance, this many suffice."""

_MOST_FIXES = 5
_ATTEMPTS = 50


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a fingerprint. `fixes` are ids of tickets that were acknowledged with a note, newest first.

    `answer_ticket` is the ticket whose analysis by the model may be reused, `answer_at` when it was made.
    `asker` (a report of a ticket) is about to ask the model, until `asking_until`; after a call that failed, nobody
    asks before `rest_until`, and `rest_reason` says why.
    """

    fixes: tuple[str, ...] = ()
    answer_ticket: str = ""
    answer_at: str = ""
    asker: str = ""
    asking_until: str = ""
    rest_until: str = ""
    rest_reason: str = ""


def remembered(storage: Storage, fingerprint: str | None) -> Memory:
    """What is known of a fingerprint; an empty memory of a new one."""
    return _read(storage, fingerprint)[0] if fingerprint else Memory()


def fix_of(store: TicketStore, memory: Memory, ticket_id: str) -> Ticket | None:
    """The newest ticket, other than this one, that is still acknowledged with the note that says what helped."""
    for candidate in memory.fixes:
        found = store.find(candidate) if candidate != ticket_id else None
        if found is not None and found.status == "acknowledged" and found.resolution:
            return found
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
    if ticket.fingerprint:
        storage.table(TABLE).upsert_entity(occurrence_entity(ticket.fingerprint, ticket.id))


def occurrence_entity(fingerprint: str, ticket_id: str) -> dict[str, str]:
    """The row that says that the ticket has this fingerprint."""
    return {**_point(fingerprint), "RowKey": f"{_occurrences(fingerprint)}{ticket_id}"}


def forget_occurrence(storage: Storage, fingerprint: str, ticket_id: str) -> None:
    """The ticket has another fingerprint now."""
    point = _point(fingerprint)
    with suppress(ResourceNotFoundError):
        storage.table(TABLE).delete_entity(point["PartitionKey"], f"{_occurrences(fingerprint)}{ticket_id}")


def forget(storage: Storage, fingerprint: str, ticket_id: str) -> None:
    """The ticket is gone: its occurrence goes, and with the last one what is known of the fingerprint."""
    forget_occurrence(storage, fingerprint, ticket_id)
    _, etag = _read(storage, fingerprint)
    if etag is None or times_seen(storage, fingerprint):
        return
    point = _point(fingerprint)
    with suppress(ResourceNotFoundError, ResourceModifiedError):  # somebody learned something new meanwhile
        storage.table(TABLE).delete_entity(point, etag=etag, match_condition=MatchConditions.IfNotModified)


def times_seen(storage: Storage, fingerprint: str, *, but_for: str = "") -> int:
    """In how many tickets, this one left out, the failure was seen; what is more than `MOST_COUNTED` is not counted."""
    prefix = _occurrences(fingerprint)
    found = storage.table(TABLE).query_entities(
        "PartitionKey eq @partition and RowKey ge @from and RowKey lt @to",
        parameters={"partition": _point(fingerprint)["PartitionKey"], "from": prefix, "to": f"{prefix}~"},
        select=["RowKey"],
        results_per_page=MOST_COUNTED + 1,
    )
    others = (row for row in found if row["RowKey"] != f"{prefix}{but_for}")
    return sum(1 for _ in islice(others, MOST_COUNTED))


def offer_fix(storage: Storage, ticket: Ticket) -> None:
    """Notes that the ticket may tell what fixed it: called before the ticket is acknowledged with a note.

    If the acknowledgement does not come about, the offer does no harm: `fix_of` reads the ticket.
    """
    if ticket.fingerprint:

        def offered(memory: Memory) -> Memory:
            others = [one for one in memory.fixes if one != ticket.id]
            return msgspec.structs.replace(memory, fixes=(ticket.id, *others)[:_MOST_FIXES])

        _change(storage, ticket.fingerprint, offered)


def withdraw(storage: Storage, ticket: Ticket) -> None:
    """What was recalled for this ticket was wrong: the earlier ticket answers no more, by its note or its analysis."""
    recalled = ticket.diagnosis.recalled
    if ticket.fingerprint and recalled:
        wrong = recalled.ticket_id

        def without(memory: Memory) -> Memory:
            return msgspec.structs.replace(
                memory,
                fixes=tuple(one for one in memory.fixes if one != wrong),
                answer_ticket="" if memory.answer_ticket == wrong else memory.answer_ticket,
            )

        _change(storage, ticket.fingerprint, without)


def begin_asking(storage: Storage, fingerprint: str, asker: str, *, looked_at: Memory) -> str:
    """Whether this report of a ticket may ask the model about its fingerprint: `granted`, `busy` if another is at it
    or has found an answer since the memory was `looked_at`, else why nobody should for now.
    """
    now = clock.now()
    said: list[str] = []

    def claimed(memory: Memory) -> Memory:
        said.clear()
        if memory.rest_until > clock.to_iso(now):
            said.append(f"the model was asked about the same failure shortly before, in vain: {memory.rest_reason}")
            return memory
        asked_by_another = memory.asking_until > clock.to_iso(now) and memory.asker != asker
        if asked_by_another or memory.answer_at != looked_at.answer_at:
            said.append("busy")
            return memory
        said.append("granted")
        return msgspec.structs.replace(memory, asker=asker, asking_until=clock.to_iso(now + ASKING))

    _change(storage, fingerprint, claimed)
    return said[0]


def end_asking(
    storage: Storage,
    fingerprint: str,
    asker: str,
    *,
    answered: str = "",
    failure: str = "",
    rest: timedelta | None = None,
) -> None:
    """Gives the right back, with what came of it: the ticket that holds the answer to reuse (`answered`), or a failure
    after which all wait for `rest`. Does nothing if the right is not this asker's: it was given back before.
    """

    def ended(memory: Memory) -> Memory:
        if memory.asker != asker:
            return memory
        now = clock.now()
        new = msgspec.structs.replace(memory, asker="", asking_until="")
        if answered:
            new = msgspec.structs.replace(new, answer_ticket=answered, answer_at=clock.to_iso(now))
        if rest is not None:
            new = msgspec.structs.replace(new, rest_until=clock.to_iso(now + rest), rest_reason=failure[:500])
        return new

    _change(storage, fingerprint, ended)


def _change(storage: Storage, fingerprint: str, change: Callable[[Memory], Memory]) -> None:
    for _ in range(_ATTEMPTS):
        memory, etag = _read(storage, fingerprint)
        new = change(memory)
        if new == memory:
            return
        if _write(storage, fingerprint, new, etag):
            return
    raise TransientError("Too many writers at one fingerprint at once.", retry_after_seconds=2)


def _read(storage: Storage, fingerprint: str) -> tuple[Memory, str | None]:
    point = _point(fingerprint)
    try:
        row = storage.table(TABLE).get_entity(point["PartitionKey"], point["RowKey"])
    except ResourceNotFoundError:
        return Memory(), None
    refuse_newer(row)
    fields = {name: row[name] for name in Memory.__struct_fields__ if name in row}
    fields["fixes"] = tuple(filter(None, fields.get("fixes", "").split(" ")))
    return Memory(**fields), row.metadata["etag"]


def _write(storage: Storage, fingerprint: str, memory: Memory, etag: str | None) -> bool:
    table = storage.table(TABLE)
    row = stamped({**_point(fingerprint), **msgspec.structs.asdict(memory), "fixes": " ".join(memory.fixes)})
    try:
        if etag is None:
            table.create_entity(row)
        else:
            table.update_entity(row, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified)
    except (ResourceExistsError, ResourceModifiedError):
        return False
    return True


def _occurrences(fingerprint: str) -> str:
    """What the row keys of all occurrences begin with."""
    return f"{fingerprint}|O|"


def _point(fingerprint: str) -> dict[str, str]:
    return {"PartitionKey": fingerprint[-2:], "RowKey": f"{fingerprint}|R"}
