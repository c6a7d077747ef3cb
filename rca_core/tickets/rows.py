"""Tickets and audit entries as entities of Table Storage, and back (row keys: DESIGN section 3)."""

from collections.abc import Mapping
from typing import Any, Literal, get_origin

import msgspec

from rca_core.diagnosis.diagnosis import Diagnosis, Engine
from rca_core.foundation import clock
from rca_core.foundation.failure import Source
from rca_core.foundation.schema import refuse_newer, stamped
from rca_core.tickets.audit import AuditEntry
from rca_core.tickets.sla import DueKind, next_due
from rca_core.tickets.ticket import (
    SLA_SECONDS_OF,
    Priority,
    Severity,
    SlaStatus,
    Status,
    Ticket,
    month_and_day,
)

# A string property holds 32,768 UTF-16 units ("Understanding the Table service data model"); a character takes
# up to two. Longer texts go on in `<name>__2`, `<name>__3`...
_CHUNK_CHARACTERS = 16_000
_CHUNK_MARK = "__"
_LIST_CHARACTERS = 1_000

COUNTS_PREFIX = "C|"
"""Rows that count the tickets of a month (`counters`)."""
TRAIL_PREFIX = "G|"
DUE_PREFIX = "D|"
LIST_PREFIX = "S|"
PAST_COUNTS_PREFIX = "H|"
"""Rows like those of `counters`, over tickets and entries that were removed: the summary leaves them out."""
REMAINS_PREFIX = "R|"
"""Rows that name what belonged to a removed ticket and is still there (`rca_core.upkeep.ticket_removal`)."""
TICKET_PREFIX = "T|"
# Column of a ticket with the key of the due row that stands for it: the row to delete is the one that was written,
# whatever a later release holds to be due.
_DUE_COLUMN = "due_row"

_JSON_FIELDS = frozenset(
    field.name
    for field in msgspec.structs.fields(Ticket)
    if get_origin(field.type) in (list, dict) or field.type is Diagnosis
)


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of tickets shows and filters. `run_count` counts the ticket's `runs`, `engine` is the one of its
    diagnosis. Rows of earlier releases have less: there both are null until the ticket is changed.
    """

    id: str
    timestamp: str
    source: Source
    title: str
    pipeline: str
    run_id: str | None = None
    severity: Severity
    priority: Priority
    error_type: str
    error_code: str | None = None
    status: Status
    confidence: float
    sla_status: SlaStatus
    sla_due: str
    sla_seconds: int
    sla_warned: bool = False
    finops_team: str
    finops_owner: str = "Unknown"
    engine: Engine | None = None
    run_count: int | None = None
    itsm_ticket_id: str | None = None
    ack_ts: str | None = None
    ack_user: str | None = None
    ack_seconds: int | None = None
    version: int


class DueRow(msgspec.Struct, frozen=True):
    """That something is due with a ticket after `at`: the next step of its SLA, or (`tell`) that others hear of one."""

    at: str
    kind: DueKind | Literal["tell"]
    ticket_id: str

    @property
    def key(self) -> str:
        """Row key: rows that are due come first."""
        return f"{DUE_PREFIX}{self.at}|{self.kind}|{self.ticket_id}"

    @property
    def entity(self) -> dict[str, Any]:
        """The row, in the month of its ticket."""
        return {"PartitionKey": month_and_day(self.ticket_id)[0], "RowKey": self.key}


def ticket_key(ticket_id: str) -> str:
    """Row key of a ticket."""
    return f"{TICKET_PREFIX}{ticket_id}"


def position_of(ticket: Ticket) -> str:
    """A ticket's place among all tickets of a month, newest first."""
    return f"{clock.reverse_key(clock.from_iso(ticket.timestamp))}|{ticket.id}"


def list_prefix(status: Status) -> str:
    """What the row keys of all list rows of a status begin with."""
    return f"{LIST_PREFIX}{status}|"


def list_key(ticket: Ticket) -> str:
    """Row key of a ticket's list row."""
    return f"{list_prefix(ticket.status)}{position_of(ticket)}"


def ticket_entity(ticket: Ticket) -> dict[str, Any]:
    """The whole ticket as an entity."""
    entity = stamped({"PartitionKey": month_and_day(ticket.id)[0], "RowKey": ticket_key(ticket.id)})
    if (due := due_row(ticket)) is not None:
        entity[_DUE_COLUMN] = due.key
    for name in ticket.__struct_fields__:
        value = getattr(ticket, name)
        if name in _JSON_FIELDS:
            value = msgspec.json.encode(value).decode()
        if isinstance(value, str):
            entity.update(text_columns(name, value))
        elif value is not None:
            entity[name] = value
    return entity


def ticket_from(entity: Mapping[str, Any]) -> Ticket:
    """The ticket that `ticket_entity` wrote; raises NewerData if a later release did."""
    refuse_newer(entity)
    fields = {name: text_of(entity, name) for name in Ticket.__struct_fields__ if name in entity}
    for name in _JSON_FIELDS & fields.keys():
        fields[name] = msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Ticket)


def due_row(ticket: Ticket) -> DueRow | None:
    """The one row that says what is due next with the ticket's SLA."""
    due = next_due(ticket)
    return DueRow(due.at, due.kind, ticket.id) if due else None


def due_row_of(entity: Mapping[str, Any]) -> DueRow | None:
    """The due row that was written with this entity of a ticket."""
    key = entity.get(_DUE_COLUMN)
    return due_from(key) if key else None


def due_from(key: str) -> DueRow:
    """The due row that has this row key."""
    at, kind, ticket_id = key.removeprefix(DUE_PREFIX).split("|")
    return msgspec.convert({"at": at, "kind": kind, "ticket_id": ticket_id}, DueRow)


def list_entity(ticket: Ticket) -> dict[str, Any]:
    """The ticket's list row; long texts are cut, the ticket has them whole."""
    counted = {"engine": ticket.diagnosis.engine, "run_count": len(ticket.runs)}
    values = counted | {name: getattr(ticket, name) for name in TicketRow.__struct_fields__ if name not in counted}
    return {
        "PartitionKey": month_and_day(ticket.id)[0],
        "RowKey": list_key(ticket),
        **{
            name: value[:_LIST_CHARACTERS] if isinstance(value, str) else value
            for name, value in values.items()
            if value is not None
        },
    }


def list_row(entity: Mapping[str, Any]) -> TicketRow:
    """The list row that `list_entity` wrote, in this release or an earlier one."""
    fields = _named(entity, TicketRow)
    fields.setdefault("sla_seconds", SLA_SECONDS_OF.get(fields["severity"]))
    return msgspec.convert(fields, TicketRow)


def entities_of(entry: AuditEntry) -> list[dict[str, Any]]:
    """The entry in the trail over all tickets, and before it the same entry under its ticket, if it has one."""
    in_trail = trail_entity(entry)
    if not entry.ticket_id:
        return [in_trail]
    return [{**in_trail, "RowKey": f"{audit_prefix(entry.ticket_id)}{entry.id}"}, in_trail]


def trail_entity(entry: AuditEntry) -> dict[str, Any]:
    """The entry in the trail over all, in the month of its ticket, or of its time if it has none."""
    fields = {name: value for name, value in msgspec.structs.asdict(entry).items() if value is not None}
    month, _ = entry.month_and_day
    return {"PartitionKey": month, "RowKey": f"{TRAIL_PREFIX}{trail_position(entry)}", **fields}


def audit_prefix(ticket_id: str) -> str:
    """What the row keys of a ticket's audit entries begin with."""
    return f"A|{ticket_id}|"


def trail_position(entry: AuditEntry) -> str:
    """An entry's place in the trail over all tickets, newest first."""
    return f"{clock.reverse_key(clock.from_iso(entry.time))}|{entry.id}"


def audit_from(entity: Mapping[str, Any]) -> AuditEntry:
    """The entry that `entities_of` wrote."""
    return msgspec.convert(_named(entity, AuditEntry), AuditEntry)


def _named(entity: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: entity[name] for name in kind.__struct_fields__ if name in entity}


def text_columns(name: str, text: str) -> dict[str, str]:
    """A text of any length as columns of an entity."""
    chunks = {name: text[:_CHUNK_CHARACTERS]}
    for number, start in enumerate(range(_CHUNK_CHARACTERS, len(text), _CHUNK_CHARACTERS), start=2):
        chunks[f"{name}{_CHUNK_MARK}{number}"] = text[start : start + _CHUNK_CHARACTERS]
    return chunks


def text_of(entity: Mapping[str, Any], name: str) -> Any:
    """What `text_columns` wrote; a value that is no text as it is."""
    value = entity[name]
    number = 2
    while (more := entity.get(f"{name}{_CHUNK_MARK}{number}")) is not None:
        value, number = value + more, number + 1
    return value
