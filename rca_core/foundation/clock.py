"""Time as the product writes it: ISO 8601, UTC, milliseconds, `Z`; and as row keys that sort newest first."""

from datetime import UTC, datetime

# Reverse keys count down from this many milliseconds after 1970 (the year 2286), so 13 digits always suffice.
_END_OF_TIME_MS = 9_999_999_999_999


def now() -> datetime:
    """The current time in UTC, cut to milliseconds, so that it survives a round trip through text."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_iso(moment: datetime) -> str:
    """`2026-11-23T07:44:41.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The moment that `to_iso` wrote; raises ValueError on other text."""
    return datetime.fromisoformat(text)


def reverse_key(moment: datetime) -> str:
    """13 digits that sort newest first (the log tail pattern of "Table design patterns", Azure Storage docs)."""
    return f"{_END_OF_TIME_MS - int(moment.timestamp() * 1000):013d}"
