"""What the overview shows: how things stand, and how the last days went; from the counters, no ticket is read.

The window is about tickets made in it, by days in UTC; only `resolved` counts acknowledgements by the day they were
made on, whatever the age of the ticket. What is unresolved now is counted over all tickets.
"""

from datetime import datetime, timedelta

import msgspec

from rca_core.tickets import counters
from rca_core.tickets.counters import Counts
from rca_core.tickets.histogram import quantile
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import JUDGEMENTS, SEVERITIES, STATUSES

DEFAULT_DAYS = 30
MAX_DAYS = 365
_TOP = 20


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day (UTC): the tickets made on it, and how many tickets were acknowledged on it (`resolved`)."""

    date: str
    failures: int
    by_severity: dict[str, int]
    by_error_type: dict[str, int]
    resolved: int


class SlaShare(msgspec.Struct, frozen=True, kw_only=True):
    """The SLA of the window's tickets. `met_share` is the part that was met of what is decided, null before that."""

    pending: int
    met: int
    breached: int
    met_share: float | None


class AckTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from a failure to its acknowledgement, over the window's tickets; null without any. The mean is exact,
    median and 90th percentile (nearest rank) are off by at most 5 %.
    """

    acknowledged: int
    mean_seconds: float | None
    median_seconds: int | None
    p90_seconds: int | None


class FailingPipeline(msgspec.Struct, frozen=True):
    """How many tickets of the window a pipeline has; its name is cut at 100 characters."""

    pipeline: str
    source: str
    count: int


class OwnedTickets(msgspec.Struct, frozen=True):
    """How many tickets of the window a team or cost center has, and how many of these are not acknowledged."""

    name: str
    count: int
    unresolved: int


class EngineShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the window's diagnoses an engine made, which part of all, and how people judged it."""

    engine: str
    count: int
    share: float
    right: int
    partly: int
    wrong: int


class NamesLeftOut(msgspec.Struct, frozen=True):
    """How many of the window's tickets are counted, but under no name: a day had more names than there is room for."""

    pipelines: int
    teams: int
    cost_centers: int


class Analytics(msgspec.Struct, frozen=True, kw_only=True):
    """The overview. `open_by_severity` and `by_status` are about all tickets as they stand, the rest about the window:
    its days oldest first, each there; pipelines, teams and cost centers with the most tickets first, 20 at most.
    """

    since: str
    until: str
    open_by_severity: dict[str, int]
    by_status: dict[str, int]
    failures: int
    by_severity: dict[str, int]
    by_source: dict[str, int]
    by_error_type: dict[str, int]
    sla: SlaShare
    time_to_acknowledge: AckTimes
    days: list[Day]
    top_pipelines: list[FailingPipeline]
    teams: list[OwnedTickets]
    cost_centers: list[OwnedTickets]
    names_left_out: NamesLeftOut
    engines: list[EngineShare]


def analytics(store: TicketStore, days: int, at: datetime) -> Analytics:
    """The overview at this moment, over so many days of which today is the last.

    Reads each month there are tickets of by two range queries, of what there is and of what retention removed: of the
    window's months the days in it, of all others the month's sum alone, since a ticket of any age may be open, or was
    acknowledged in the window.
    """
    dates = [f"{at - timedelta(days=ago):%Y-%m-%d}" for ago in reversed(range(days))]
    by_date: dict[str, Counts] = {}
    names: list[Counts] = []
    standing: list[Counts] = []
    ever: list[Counts] = []
    for month in store.months():
        columns = counters.columns(int(date[8:]) for date in dates if date.startswith(month))
        there = store.counter_rows(month, columns)
        # What retention has removed since was there in its days.
        rows = [*there, *store.past_counter_rows(month, columns)]
        standing.append(counters.month_counts(there))
        ever.append(counters.month_counts(rows))
        by_date |= {f"{month}-{day:02d}": counts for day, counts in counters.day_counts(rows).items()}
        names.append(counters.names_counted(rows))
    resolved = counters.group(counters.total(ever), "ack_day")
    return _overview(dates, counters.total(standing), resolved, by_date, counters.total(names))


def _overview(
    dates: list[str], standing: Counts, resolved: Counts, by_date: dict[str, Counts], names: Counts
) -> Analytics:
    window = counters.total(by_date.values())
    return Analytics(
        since=dates[0],
        until=dates[-1],
        open_by_severity=_each(SEVERITIES, standing, "unresolved"),
        by_status=_each(STATUSES, standing, "status"),
        failures=window.get("tickets", 0),
        by_severity=_each(SEVERITIES, window, "severity"),
        by_source=counters.group(window, "source"),
        by_error_type=counters.group(window, "category"),
        sla=_sla(counters.group(window, "sla")),
        time_to_acknowledge=_ack_times(window),
        days=[_day(date, by_date.get(date, {}), resolved.get(date, 0)) for date in dates],
        top_pipelines=_pipelines(names),
        teams=_owned(names, "team"),
        cost_centers=_owned(names, "cost_center"),
        names_left_out=NamesLeftOut(names.get("pipeline", 0), names.get("team", 0), names.get("cost_center", 0)),
        engines=_engines(window),
    )


def _each(names: tuple[str, ...], counts: Counts, group: str) -> dict[str, int]:
    found = counters.group(counts, group)
    return {name: found.get(name, 0) for name in names}


def _day(date: str, counts: Counts, resolved: int) -> Day:
    return Day(
        date=date,
        failures=counts.get("tickets", 0),
        by_severity=counters.group(counts, "severity"),
        by_error_type=counters.group(counts, "category"),
        resolved=resolved,
    )


def _sla(counts: Counts) -> SlaShare:
    met, breached = counts.get("Met", 0), counts.get("Breached", 0)
    decided = met + breached
    return SlaShare(
        pending=counts.get("Pending", 0), met=met, breached=breached, met_share=met / decided if decided else None
    )


def _ack_times(counts: Counts) -> AckTimes:
    acknowledged = counts.get("acknowledged", 0)
    buckets = {int(number): count for number, count in counters.group(counts, "ack_bucket").items()}
    return AckTimes(
        acknowledged=acknowledged,
        mean_seconds=counts.get("ack_seconds", 0) / acknowledged if acknowledged else None,
        median_seconds=quantile(buckets, 0.5),
        p90_seconds=quantile(buckets, 0.9),
    )


def _pipelines(names: Counts) -> list[FailingPipeline]:
    found = []
    for name, count in _most(counters.group(names, "pipeline")):
        source, _, pipeline = name.partition(":")
        found.append(FailingPipeline(pipeline, source, count))
    return found


def _owned(names: Counts, group: str) -> list[OwnedTickets]:
    unresolved = counters.group(names, f"{group}_unresolved")
    return [OwnedTickets(name, count, unresolved.get(name, 0)) for name, count in _most(counters.group(names, group))]


def _most(counts: Counts) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:_TOP]


def _engines(counts: Counts) -> list[EngineShare]:
    diagnoses, judged = counters.group(counts, "engine"), counters.group(counts, "judged")
    every = sum(diagnoses.values())
    # Somebody may have judged an engine whose every diagnosis was replaced since.
    engines = sorted({*diagnoses, *(name.partition(":")[0] for name in judged)})
    return [
        EngineShare(
            engine=engine,
            count=diagnoses.get(engine, 0),
            share=diagnoses.get(engine, 0) / every if every else 0.0,
            **{verdict: judged.get(f"{engine}:{verdict}", 0) for verdict in JUDGEMENTS},
        )
        for engine in engines
    ]
