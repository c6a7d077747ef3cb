"""What loading did, and what it could not keep, field by field."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

_MOST_SHOWN = 20


class Report:
    """Counts while loading. `skipped` names rows that could not be kept at all, with the reason."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.skipped: list[tuple[str, str]] = []
        self.changed: Counter[str] = Counter()
        self.not_kept: Counter[str] = Counter()

    def count(self, what: str, number: int = 1) -> None:
        """So many of them were loaded, or found there."""
        self.counts[what] += number

    def skip(self, row: str, why: str) -> None:
        """This row was left out."""
        self.skipped.append((row, why))

    def change(self, field: str, how: str) -> None:
        """A value is kept in another form than it was stored in."""
        self.changed[f"{field}: {how}"] += 1

    def leave(self, table: str, row: dict[str, Any], columns: tuple[str, ...]) -> None:
        """Of these columns, those that hold something are not kept."""
        self.not_kept.update(f"{table}.{column}" for column in columns if row.get(column) not in (None, ""))

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for what, number in self.counts.items():
            yield f"{what}: {number:,}"
        yield f"rows left out: {len(self.skipped):,}"
        yield from (f"  {row}: {why}" for row, why in self.skipped[:_MOST_SHOWN])
        if len(self.skipped) > _MOST_SHOWN:
            yield f"  and {len(self.skipped) - _MOST_SHOWN:,} more"
        yield "kept in another form:"
        yield from (f"  {what} ({number:,})" for what, number in sorted(self.changed.items()))
        yield "not kept:"
        yield from (f"  {column} ({number:,})" for column, number in sorted(self.not_kept.items()))
