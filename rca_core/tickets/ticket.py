"""The ticket: what failed, why, what to do, who owns it, and how far it is (DESIGN section 4)."""

import json
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec

from rca_core.diagnosis.diagnosis import Diagnosis, Engine
from rca_core.foundation import clock
from rca_core.foundation.errors import NotFound
from rca_core.foundation.failure import Failure, Link, Source

Status = Literal["open", "in_progress", "acknowledged"]
Severity = Literal["Critical", "High", "Medium", "Low"]
Priority = Literal["P1", "P2", "P3", "P4"]
SlaStatus = Literal["Pending", "Met", "Breached"]
Judgement = Literal["right", "partly", "wrong"]

JUDGEMENTS: tuple[Judgement, ...] = ("right", "partly", "wrong")
STATUSES: tuple[Status, ...] = ("open", "in_progress", "acknowledged")
SEVERITIES: tuple[Severity, ...] = ("Critical", "High", "Medium", "Low")
SLA_STATUSES: tuple[SlaStatus, ...] = ("Pending", "Met", "Breached")

PRIORITY_OF: dict[Severity, Priority] = {"Critical": "P1", "High": "P2", "Medium": "P3", "Low": "P4"}
SLA_SECONDS_OF: dict[Severity, int] = {"Critical": 900, "High": 1_800, "Medium": 7_200, "Low": 86_400}

_PREFIX_OF: dict[Source, str] = {"adf": "ADF", "databricks": "DBX", "airflow": "ARF", "azure-monitor": "AZM"}
_PROCESSING_MODE_OF: dict[Source, str] = {"airflow": "airflow-arf"}
_ID_SHAPE = re.compile(r"[A-Z]{3}-(\d{4})(0[1-9]|1[0-2])(\d{2})T\d{6}-[0-9a-z]{6}")
_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

# What a ticket holds of each, in bytes (`_size`), so that the whole stays under the 1 MiB that an entity may have. What
# goes beyond is in the archive, and of reports in the audit trail.
_MESSAGE_ROOM = 150_000
_REPORT_MESSAGE_ROOM = 1_000
_REPORTS_ROOM = 200_000
_LINKS_ROOM = 100_000
_LABELS_ROOM = 100_000
_RUNS_ROOM = 50_000
_ENTITY_ROOM = 60_000
_REPORT_KEYS_ROOM = 100_000
_EVIDENCE_ROOM = 60_000

MOST_REPORTS_NOTED = 200
"""Of so many reports a ticket remembers that they were asked about, and explained."""

Item = TypeVar("Item")


class Report(msgspec.Struct, frozen=True):
    """One thing that was reported about the run: the first report opens the ticket, others are added to it.

    `archived` is the name of the blob with the payload as it arrived.
    """

    key: str
    received_at: str
    title: str
    message: str
    error_code: str | None
    entity: dict[str, Any]
    archived: str


class EvidenceNote(msgspec.Struct, frozen=True):
    """What a failing system said when it was asked: `archived` names the blob with its text, `note` says why there is
    none or what is missing from it.
    """

    report_key: str
    source: str
    status: str
    title: str
    note: str
    archived: str | None = None


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said about a diagnosis: `engine` is the one that had answered."""

    verdict: Judgement
    note: str
    user: str
    at: str
    engine: Engine


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One run that failed. Changed only by making a new one (`msgspec.structs.replace`) and storing that.

    `version` counts changes, from 1. `timestamp` is when the failure was heard of, `occurred_at` when it happened, if
    the sender told. `report_keys` are those of all reports, `reports` as many of them as there is room for. `message`
    is the error text, cut if it is very long (the archive has all of it). `run_hash` ties the ticket to its claim;
    `other_run_hashes` as well, where it is known of a loaded ticket only that it is about one of these runs.
    `sla_warned` says that people were told that the SLA is nearly used up, `owner_reason` what decided who owns it.
    `ack_seconds` is the time from `timestamp` to the acknowledgement, `resolution` the note that says what was done;
    reopening clears both.
    """

    id: str
    timestamp: str
    occurred_at: str | None = None
    source: Source
    processing_mode: str
    title: str
    pipeline: str
    run_id: str | None = None
    run_hash: str
    other_run_hashes: list[str] = []
    message: str
    rca_result: str
    recommendations: list[str]
    confidence: float
    severity: Severity
    severity_reason: str
    priority: Priority
    error_type: str
    error_code: str | None = None
    retryable: bool
    affected_entity: dict[str, Any]
    sla_seconds: int
    sla_due: str
    labels: dict[str, str] = {}
    links: list[Link] = []
    runs: list[str] = []
    reports: list[Report] = []
    report_keys: list[str] = []
    evidence: list[EvidenceNote] = []
    redactions: dict[str, int] = {}
    diagnosis: Diagnosis
    asked: list[str] = []
    explained: list[str] = []
    feedback: list[Feedback] = []
    fingerprint: str | None = None
    status: Status = "open"
    sla_status: SlaStatus = "Pending"
    sla_warned: bool = False
    finops_team: str = "Unknown"
    finops_owner: str = "Unknown"
    finops_cost_center: str = "Unknown"
    owner_reason: str | None = None
    blob_log_url: str | None = None
    itsm_ticket_id: str | None = None
    ack_ts: str | None = None
    ack_user: str | None = None
    ack_seconds: int | None = None
    resolution: str | None = None
    status_changed_at: str | None = None
    slack_ts: str | None = None
    slack_channel: str | None = None
    logic_app_run_id: str | None = None
    remediation_status: str | None = None
    version: int = 1

    def was_asked_about(self, report_key: str) -> bool:
        """Whether the failing system has been asked about this report."""
        return report_key in self.asked

    def is_about(self, run_hash: str) -> bool:
        """Whether it is the ticket of the run with this hash."""
        return run_hash == self.run_hash or run_hash in self.other_run_hashes

    def knows(self, report_key: str) -> bool:
        """Whether the ticket already holds this report."""
        return report_key in self.report_keys


def new_ticket_id(source: Source, moment: datetime) -> str:
    """`ADF-20251210T123456-abc123`: prefix of the source, UTC time, six random characters."""
    characters = "".join(secrets.choice(_ID_ALPHABET) for _ in range(6))
    return f"{_PREFIX_OF[source]}-{moment:%Y%m%dT%H%M%S}-{characters}"


def month_and_day(ticket_id: str) -> tuple[str, int]:
    """When the ticket was made, told by its id: (`2026-11`, 23). Raises NotFound for text that is no ticket id."""
    shape = _ID_SHAPE.fullmatch(ticket_id)
    if shape is None:
        raise NotFound(f"{ticket_id[:60]!r} is no ticket id; one looks like ADF-20251210T123456-abc123.")
    year, month, day = shape.groups()
    return f"{year}-{month}", int(day)


def processing_mode(source: Source) -> str:
    """The name under which the source is known in `processing_mode`."""
    return _PROCESSING_MODE_OF.get(source, source)


def with_diagnosis(ticket: Ticket, diagnosis: Diagnosis) -> Ticket:
    """The ticket as this diagnosis has it; severity, priority and SLA are decided elsewhere."""
    return msgspec.structs.replace(
        ticket,
        diagnosis=diagnosis,
        rca_result=diagnosis.cause,
        recommendations=list(diagnosis.recommendations),
        confidence=diagnosis.confidence,
        error_type=diagnosis.category,
        retryable=diagnosis.retryable,
    )


def sla_due(heard_of: str, seconds: int) -> str:
    """When the ticket must be acknowledged to meet its SLA."""
    return clock.to_iso(clock.from_iso(heard_of) + timedelta(seconds=seconds))


def report_of(failure: Failure, received_at: str, archived: str) -> Report:
    """The report that a failure makes."""
    return Report(
        key=failure.report_key,
        received_at=received_at,
        title=failure.title,
        message=shorten(failure.message, _REPORT_MESSAGE_ROOM),
        error_code=failure.error_code,
        entity=failure.entity,
        archived=archived,
    )


def fitting_reports(reports: list[Report]) -> list[Report]:
    """As many reports as a ticket has room for, the first ones first."""
    return _fitting(reports, _REPORTS_ROOM)


def fitting_links(links: list[Link]) -> list[Link]:
    """Each link once, as many as a ticket has room for."""
    return _fitting(dict.fromkeys(links), _LINKS_ROOM)


def fitting_runs(runs: list[str]) -> list[str]:
    """Each run once, as many as a ticket has room for."""
    return _fitting(dict.fromkeys(runs), _RUNS_ROOM)


def fitting_evidence(evidence: list[EvidenceNote]) -> list[EvidenceNote]:
    """As many notes as a ticket has room for."""
    return _fitting(evidence, _EVIDENCE_ROOM)


def fitting_report_keys(keys: list[str]) -> list[str]:
    """As many report keys as a ticket has room for: about five thousand."""
    return _fitting(keys, _REPORT_KEYS_ROOM)


def fitting_entity(entity: dict[str, Any]) -> dict[str, Any]:
    """As much of what was affected as a ticket has room for."""
    return dict(_fitting(entity.items(), _ENTITY_ROOM))


def fitting_labels(labels: dict[str, str]) -> dict[str, str]:
    """As many labels as a ticket has room for."""
    return dict(_fitting(labels.items(), _LABELS_ROOM))


def _fitting(items: Iterable[Item], room: int) -> list[Item]:
    kept = []
    for item in items:
        room -= _size(msgspec.to_builtins(item))
        if room < 0:
            break
        kept.append(item)
    return kept


def ticket_message(failure: Failure) -> str:
    """The error text as the ticket keeps it."""
    return shorten(failure.message, _MESSAGE_ROOM)


def shorten(text: str, room: int) -> str:
    """`text`, cut to what fits into `room` bytes of JSON, with a word about it."""
    kept = text[:room]
    while (size := _size(kept)) > room + 2:
        kept = kept[: len(kept) * room // size]
    if kept == text:
        return text
    return f"{kept}\n[cut here: {len(text) - len(kept)} more characters are in the archived payload]"


def _size(value: Any) -> int:
    """Bytes of `value` as JSON: as Table Storage counts them, two for a UTF-16 unit ("Understanding the Table service
    data model"), or as they are sent, in ASCII, which the emulator counts; whichever is more.
    """
    sent = len(json.dumps(value))
    units = len(json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))
    return max(sent, units)
