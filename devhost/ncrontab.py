"""Timer schedules: NCRONTAB with six fields (or five, without seconds), or a fixed interval `hh:mm:ss`.

Source: "Timer trigger for Azure Functions", NCRONTAB expressions; the NCrontab library. Times are UTC.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Protocol

from devhost.errors import StartError
from devhost.settings import timespan

_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august"]
_MONTHS += ["september", "october", "november", "december"]
_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
# name, lowest, highest, first value that has a name, names
_FIELDS: tuple[tuple[str, int, int, int, list[str]], ...] = (
    ("second", 0, 59, 0, []),
    ("minute", 0, 59, 0, []),
    ("hour", 0, 23, 0, []),
    ("day", 1, 31, 0, []),
    ("month", 1, 12, 1, _MONTHS),
    ("day of week", 0, 6, 0, _DAYS),
)
# 29 February falls on a given day of the week once in 28 years, or 40 around a year such as 2100.
_YEARS_AHEAD = 41


class Schedule(Protocol):
    """Tells when a timer is due."""

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        """The first due time later than `moment`, to the second."""


@dataclass(frozen=True)
class Interval:
    """Due again and again after a fixed time."""

    length: datetime.timedelta

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        """One interval after `moment`."""
        return moment + self.length


@dataclass(frozen=True)
class Crontab:
    """Due when every field matches, day of month and day of week both (other cron programs take either)."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        """The first due time later than `moment`; ValueError when there is none (31 February)."""
        start = moment.replace(microsecond=0) + datetime.timedelta(seconds=1)
        day = start.date()
        last = day.replace(year=day.year + _YEARS_AHEAD, day=1)
        earliest = start.time()
        while day < last:
            if day.month not in self.months:
                day = (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
                earliest = datetime.time()
                continue
            if day.day in self.days and day.isoweekday() % 7 in self.weekdays:
                at = self._time_from(earliest)
                if at is not None:
                    return datetime.datetime.combine(day, at, moment.tzinfo)
            day += datetime.timedelta(days=1)
            earliest = datetime.time()
        raise ValueError("the schedule never comes due")

    def _time_from(self, earliest: datetime.time) -> datetime.time | None:
        for hour in self.hours:
            if hour < earliest.hour:
                continue
            for minute in self.minutes:
                if (hour, minute) < (earliest.hour, earliest.minute):
                    continue
                for second in self.seconds:
                    at = datetime.time(hour, minute, second)
                    if at >= earliest:
                        return at
        return None


def parse_schedule(text: str, where: str) -> Schedule:
    """Read a schedule; StartError says which field is wrong."""
    fields = text.split()
    if len(fields) == 1 and ":" in text:
        length = datetime.timedelta(seconds=timespan(text, where))
        if not length:
            raise StartError(f"{where}: schedule '{text}' must be longer than zero")
        return Interval(length)
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise StartError(
            f"{where}: schedule '{text}' has {len(fields)} fields; it needs six: "
            "second minute hour day month day-of-week"
        )
    try:
        sets = [_field(field, *about) for field, about in zip(fields, _FIELDS, strict=True)]
        crontab = Crontab(
            tuple(sorted(sets[0])), tuple(sorted(sets[1])), tuple(sorted(sets[2])), *map(frozenset, sets[3:])
        )
        crontab.next_after(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
    except ValueError as error:
        raise StartError(f"{where}: schedule '{text}': {error}") from None
    return crontab


def _field(text: str, name: str, low: int, high: int, base: int, names: list[str]) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = 1
        if slash:
            if not step_text.isdecimal() or int(step_text) < 1:
                raise ValueError(f"{name} field '{text}': the step '{step_text}' is not a number above zero")
            step = int(step_text)
        if span == "*":
            first, last = low, high
        else:
            one, dash, two = span.partition("-")
            first = _value(one, name, low, high, base, names)
            # "5/10" starts at 5 and goes on to the field's end.
            last = _value(two, name, low, high, base, names) if dash else (high if slash else first)
            if first > last:
                first, last = last, first
        values.update(range(first, last + 1, step))
    return values


def _value(text: str, name: str, low: int, high: int, base: int, names: list[str]) -> int:
    if text.isdecimal():
        value = int(text)
    else:
        found = [i for i, full in enumerate(names) if len(text) >= 3 and full.startswith(text.lower())]
        if not found:
            raise ValueError(f"{name} field: '{text}' is not understood")
        value = found[0] + base
    if not low <= value <= high:
        raise ValueError(f"{name} field: {value} is not between {low} and {high}")
    return value
