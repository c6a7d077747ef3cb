"""The schedule parser, as a table."""

from __future__ import annotations

import datetime

import pytest

from devhost.errors import StartError
from devhost.ncrontab import parse_schedule


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("0 */5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("0 */5 * * * *", "2026-01-01T00:04:59.999", "2026-01-01T00:05:00"),
        ("*/15 * * * * *", "2026-01-01T00:00:50", "2026-01-01T00:01:00"),
        ("0 0 * * * *", "2026-01-01T23:00:00", "2026-01-02T00:00:00"),
        ("0 0 */2 * * *", "2026-01-01T00:00:00", "2026-01-01T02:00:00"),
        ("0 0 9-17 * * *", "2026-01-01T17:00:00", "2026-01-02T09:00:00"),
        ("0 30 9 * * *", "2026-01-01T09:30:00", "2026-01-02T09:30:00"),
        ("0 30 9 * * 1-5", "2026-01-02T10:00:00", "2026-01-05T09:30:00"),
        ("0 30 9 * Jan Mon", "2026-01-27T00:00:00", "2027-01-04T09:30:00"),
        ("0 0 0 1 1 *", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 31 * *", "2026-02-01T00:00:00", "2026-03-31T00:00:00"),
        ("0 0 0 13 * Fri", "2026-01-01T00:00:00", "2026-02-13T00:00:00"),
        ("5,8,10 * * * * *", "2026-01-01T00:00:08", "2026-01-01T00:00:10"),
        ("0 5/20 * * * *", "2026-01-01T00:26:00", "2026-01-01T00:45:00"),
        ("0 0-10/5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        ("0 0 0 * december sunday", "2026-01-01T00:00:00", "2026-12-06T00:00:00"),
        ("0 0 0 * * Fri-Mon", "2026-01-03T00:00:00", "2026-01-05T00:00:00"),
        ("*/10 * * * *", "2026-01-01T00:00:01", "2026-01-01T00:10:00"),
        ("00:00:30", "2026-01-01T00:00:00", "2026-01-01T00:00:30"),
        ("1.00:00:00", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
    ],
)
def test_next_time(schedule, after, due):
    assert parse_schedule(schedule, "here").next_after(moment(after)) == moment(due)


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("* * * *", "has 4 fields"),
        ("60 * * * * *", "second field: 60 is not between 0 and 59"),
        ("0 0 0 0 * *", "day field: 0"),
        ("0 0 0 * 13 *", "month field: 13"),
        ("0 0 0 * * 7", "day of week field: 7"),
        ("0 */0 * * * *", "the step '0'"),
        ("0 */x * * * *", "the step 'x'"),
        ("0 0 0 * Foo *", "'Foo' is not understood"),
        ("0 1, * * * *", "minute field: ''"),
        ("0 0 0 31 2 *", "never comes due"),
        ("00:00:00", "longer than zero"),
        ("25:00:00", "not a time span"),
        ("", "has 0 fields"),
    ],
)
def test_bad_schedules_are_told(schedule, why):
    with pytest.raises(StartError, match="here") as told:
        parse_schedule(schedule, "here")
    assert why in str(told.value)


def test_ten_years_of_a_daily_schedule_miss_no_day():
    schedule = parse_schedule("0 0 3 * * *", "here")
    at = moment("2026-01-01T00:00:00")
    for _ in range(3653):
        later = schedule.next_after(at)
        assert later.hour == 3
        assert later.date() == at.date() + datetime.timedelta(days=0 if at.hour < 3 else 1)
        at = later
