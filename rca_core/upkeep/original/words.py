"""Values of the earlier program in our words. Pure."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from rca_core.foundation.errors import MalformedRequest
from rca_core.foundation.failure import Source
from rca_core.tickets.ticket import (
    PRIORITY_OF,
    SEVERITIES,
    SLA_STATUSES,
    STATUSES,
    Priority,
    Severity,
    SlaStatus,
    Status,
)

# What its model called its own certainty. Ours is a number from 0 to 1.
_CONFIDENCE = {"very high": 0.95, "high": 0.8, "medium": 0.5, "low": 0.25}
_SOURCE_OF: dict[str, Source] = {"ADF": "adf", "DBX": "databricks", "ARF": "airflow", "AZM": "azure-monitor"}
_PRIORITIES: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")
# Its words for a run that it knew no id of.
_NO_RUN = frozenset({"", "n/a", "none", "unknown"})

_QUARTER = timedelta(minutes=15)
_LARGEST_OFFSET = timedelta(hours=14)


def source_of(ticket_id: str) -> Source:
    """The source that the prefix of an id stands for; raises MalformedRequest for another."""
    source = _SOURCE_OF.get(ticket_id[:3])
    if source is None:
        raise MalformedRequest("its id begins with none of ADF, DBX, ARF, AZM.")
    return source


def offset_of(ticket_id: str, timestamp: str) -> timedelta:
    """How far the times of a row are ahead of UTC where they name no zone: an id is made in UTC at the same moment."""
    try:
        stamped = datetime.fromisoformat(timestamp)
    except ValueError:
        return timedelta(0)
    if stamped.tzinfo is not None:
        return timedelta(0)
    ahead = stamped.replace(tzinfo=UTC) - made_at(ticket_id)
    whole = round(ahead / _QUARTER) * _QUARTER
    return whole if abs(whole) <= _LARGEST_OFFSET and abs(ahead - whole) < _QUARTER / 3 else timedelta(0)


def made_at(ticket_id: str) -> datetime:
    """When a ticket was made, as its id tells to the second."""
    return datetime.strptime(ticket_id.split("-")[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def moment(text: Any, offset: timedelta = timedelta(0)) -> datetime | None:
    """The moment that a text means, to the millisecond; None if it means none."""
    try:
        told = datetime.fromisoformat(str(text or "").strip())
    except ValueError:
        return None
    told = told.replace(tzinfo=UTC) - offset if told.tzinfo is None else told.astimezone(UTC)
    return told.replace(microsecond=told.microsecond // 1000 * 1000)


def status_of(text: Any) -> Status | None:
    """The status; None for a word that is none of ours."""
    return next((status for status in STATUSES if status == str(text or "").strip().lower()), None)


def severity_of(text: Any) -> Severity | None:
    """The severity; None for a word that is none of ours."""
    return next((severity for severity in SEVERITIES if severity.lower() == str(text or "").strip().lower()), None)


def priority_of(text: Any, severity: Severity) -> Priority:
    """The priority, the one of the severity if none of ours is stored."""
    return next((one for one in _PRIORITIES if one == str(text or "").strip().upper()), PRIORITY_OF[severity])


def sla_status_of(text: Any) -> SlaStatus | None:
    """The state of the SLA; None for a word that is none of ours."""
    return next((state for state in SLA_STATUSES if state == text), None)


def confidence_of(value: Any) -> float | None:
    """The confidence as a number from 0 to 1; None if it is none."""
    word = str(value or "").strip().lower()
    if word in _CONFIDENCE:
        return _CONFIDENCE[word]
    try:
        number = float(word.rstrip("%"))
    except ValueError:
        return None
    number = number / 100 if number > 1 else number
    return number if 0 <= number <= 1 else None


def whole_number(value: Any) -> int | None:
    """A number of seconds that is stored as a number or as text; None if it is none."""
    try:
        return max(0, int(float(value)))
    except (TypeError, ValueError, OverflowError):
        return None


def text_list(value: Any) -> list[str]:
    """A list that is stored as JSON; plain text is a list of one."""
    text = str(value or "").strip()
    try:
        known = json.loads(text)
    except (ValueError, RecursionError):
        known = text
    items = known if isinstance(known, list) else [known]
    return [item if isinstance(item, str) else json.dumps(item) for item in items if item not in (None, "")]


def mapping(value: Any) -> dict[str, Any]:
    """An object that is stored as JSON; anything else is what was affected."""
    text = str(value or "").strip()
    try:
        known = json.loads(text)
    except (ValueError, RecursionError):
        known = text
    if isinstance(known, dict):
        return known
    return {"affected": known} if known not in (None, "") else {}


def run_of(row: dict[str, Any]) -> str | None:
    """The run's id; the earlier program had words for none, and put the ticket's own id in its place."""
    run = str(row.get("run_id") or "").strip()
    return None if run.lower() in _NO_RUN or run == row.get("id") else run
