"""The overview: equal to a recount of the tickets, from few requests, also where rows are old or names are many."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.seed import seed
from devhost.azurite import Azurite
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import counters, name_counts, rows
from rca_core.tickets.analytics import Analytics, analytics
from rca_core.tickets.histogram import bucket, quantile
from rca_core.tickets.lifecycle import move
from rca_core.tickets.store import TABLE, TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.upkeep import ticket_removal
from tests.support.making import made, make_ticket

NOW = datetime(2026, 11, 15, 9, 30, tzinfo=UTC)
SEEDED = 200


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("azurite") / "access.log"


@pytest.fixture(scope="module")
def storage(log: Path) -> Iterator[Storage]:
    with Azurite(access_log=log, many_rows=True) as emulator:
        seed(emulator.connection_string, SEEDED, until=NOW)
        yield Storage(read_settings({"AzureWebJobsStorage": emulator.connection_string}).storage)


@pytest.fixture(scope="module")
def tickets(store: TicketStore) -> list[Ticket]:
    return [rows.ticket_from(row) for month in store.months() for row in store.read(month, "T|")]


@pytest.fixture(scope="module")
def overview(store: TicketStore) -> Analytics:
    return analytics(store, 31, NOW)


def counted(tickets: list[Ticket], by: Callable[[Ticket], str]) -> dict[str, int]:
    return dict(Counter(map(by, tickets)))


def test_what_is_seeded_equals_a_recount(store: TicketStore, tickets: list[Ticket]) -> None:
    assert len(tickets) == SEEDED
    assert {ticket.status for ticket in tickets} == {"open", "in_progress", "acknowledged"}
    assert {ticket.sla_status for ticket in tickets} >= {"Met", "Breached"}
    assert store.months() == ["2026-11", "2026-10"]
    for month in store.months():
        of_month = [ticket for ticket in tickets if ticket.timestamp.startswith(month)]
        recount = counters.total(map(counters.contribution, of_month))
        recount["audits"] = len(list(store.read(month, "A|")))
        found = store.counter_rows(month)
        assert counters.month_counts(found) == dict(sorted(recount.items()))
        assert counters.total(counters.day_counts(found).values()) == counters.month_counts(found)
        assert counters.names_counted(found) == counters.total(map(name_counts.contribution, of_month))
        listed = {row["RowKey"] for row in store.read(month, "S|")}
        assert listed == {rows.list_key(ticket) for ticket in of_month}


def test_the_overview_equals_a_recount(overview: Analytics, tickets: list[Ticket]) -> None:
    assert overview.failures == SEEDED
    unresolved = [ticket for ticket in tickets if ticket.status != "acknowledged"]
    assert {name: count for name, count in overview.open_by_severity.items() if count} == counted(
        unresolved, lambda ticket: ticket.severity
    )
    assert overview.by_status == counted(tickets, lambda ticket: ticket.status)
    assert overview.by_error_type == counted(tickets, lambda ticket: ticket.error_type)
    met, breached = (sum(ticket.sla_status == name for ticket in tickets) for name in ("Met", "Breached"))
    assert (overview.sla.met, overview.sla.breached) == (met, breached)
    assert overview.sla.met_share == pytest.approx(met / (met + breached))
    teams = counted(tickets, lambda ticket: ticket.finops_team)
    open_of_teams = counted(unresolved, lambda ticket: ticket.finops_team)
    assert {one.name: (one.count, one.unresolved) for one in overview.teams} == {
        team: (count, open_of_teams.get(team, 0)) for team, count in teams.items()
    }
    assert sum(one.count for one in overview.cost_centers) == SEEDED
    assert {one.engine: one.count for one in overview.engines} == counted(tickets, lambda one: one.diagnosis.engine)
    assert sum(one.right + one.partly + one.wrong for one in overview.engines) == sum(
        len(ticket.feedback) for ticket in tickets
    )


def test_every_day_is_there_in_utc_with_what_failed_and_what_was_resolved_on_it(
    overview: Analytics, tickets: list[Ticket]
) -> None:
    assert [day.date for day in overview.days] == [f"{NOW - timedelta(days=ago):%Y-%m-%d}" for ago in range(30, -1, -1)]
    failures = counted(tickets, lambda ticket: ticket.timestamp[:10])
    resolved = counted([ticket for ticket in tickets if ticket.ack_ts], lambda ticket: (ticket.ack_ts or "")[:10])
    for day in overview.days:
        assert (day.failures, day.resolved) == (failures.get(day.date, 0), resolved.get(day.date, 0))
        assert sum(day.by_severity.values()) == sum(day.by_error_type.values()) == day.failures


def test_median_and_90th_percentile_are_within_5_percent(overview: Analytics, tickets: list[Ticket]) -> None:
    times = sorted(ticket.ack_seconds for ticket in tickets if ticket.ack_seconds is not None)
    told = overview.time_to_acknowledge
    assert told.acknowledged == len(times)
    assert told.mean_seconds == pytest.approx(sum(times) / len(times))
    assert told.median_seconds == pytest.approx(times[math.ceil(0.5 * len(times)) - 1], rel=0.05)
    assert told.p90_seconds == pytest.approx(times[math.ceil(0.9 * len(times)) - 1], rel=0.05)


def test_the_pipelines_with_most_failures_come_first(overview: Analytics, tickets: list[Ticket]) -> None:
    every = counted(tickets, lambda ticket: f"{ticket.source} {ticket.pipeline}")
    expected = sorted(every.values(), reverse=True)[:20]
    assert [one.count for one in overview.top_pipelines] == expected
    assert all(every[f"{one.source} {one.pipeline}"] == one.count for one in overview.top_pipelines)


def test_the_overview_takes_two_requests_for_each_month_and_one_for_their_list(store: TicketStore, log: Path) -> None:
    before = len(log.read_text().splitlines())
    analytics(store, 30, NOW)
    asked = [line for line in log.read_text().splitlines()[before:] if "tickets" in line]
    assert len(asked) == 1 + 2 * len(store.months())


def test_a_shorter_window_leaves_out_older_tickets_but_not_what_is_open(
    store: TicketStore, overview: Analytics
) -> None:
    week = analytics(store, 7, NOW)
    assert [day.failures for day in week.days] == [day.failures for day in overview.days[-7:]]
    assert week.failures == sum(day.failures for day in week.days) < overview.failures
    assert week.by_status == overview.by_status


def test_rows_of_an_earlier_release_are_read_and_go_on_counting(store: TicketStore, storage: Storage) -> None:
    at = NOW.replace(year=2020)
    ticket = make_ticket(at)
    old = {"tickets": 5, "status:open": 5, "severity:Medium": 5, "sla:Pending": 5}
    row = {"PartitionKey": "2020-11", "RowKey": counters.row_key(ticket.id), "month": json.dumps(old)}
    storage.table(TABLE).upsert_entity({**row, "d15": json.dumps(old)})
    store.create(ticket, made(ticket))
    store.change(ticket.id, lambda one: move(one, "acknowledged", user="ann", origin="test", note="", at=at))
    told = analytics(store, 1, at)
    assert (told.failures, told.days[0].resolved) == (6, 1)
    assert [(one.pipeline, one.count) for one in told.top_pipelines] == [("pl_orders", 1)]
    listed = rows.list_entity(ticket)
    for column in ("sla_seconds", "finops_owner", "engine", "run_count"):
        del listed[column]
    read = rows.list_row(listed)
    assert (read.sla_seconds, read.finops_owner, read.engine, read.run_count) == (7_200, "Unknown", None, None)


def test_what_retention_removed_was_resolved_on_its_day_all_the_same(store: TicketStore, storage: Storage) -> None:
    made_on, resolved_on = datetime(2019, 1, 10, tzinfo=UTC), datetime(2019, 3, 5, tzinfo=UTC)
    today = datetime(2019, 3, 20, tzinfo=UTC)
    gone, there = make_ticket(made_on), make_ticket(made_on)
    for ticket in (gone, there):
        store.create(ticket, made(ticket))
        store.change(
            ticket.id, lambda one: move(one, "acknowledged", user="ann", origin="test", note="", at=resolved_on)
        )
    before = analytics(store, 30, today)
    assert ticket_removal.remove(storage, store, gone.id, today)
    after = analytics(store, 30, today)
    assert {day.date: day.resolved for day in after.days if day.resolved} == {"2019-03-05": 2}
    assert after.days == before.days
    assert after.by_status["acknowledged"] == before.by_status["acknowledged"] - 1


def test_more_names_than_there_is_room_for_are_counted_without_their_names() -> None:
    tickets = [make_ticket(NOW, pipeline=f"pl_{n:04}_{'é' * 150}", finops_team=f"team {n}") for n in range(500)]
    counts: dict[str, int] = {}
    for ticket in tickets:
        counts = name_counts.changed(counts, name_counts.contribution(ticket))
    assert len(json.dumps(counts)) < 12_000
    for group in ("pipeline", "team", "team_unresolved"):
        assert counts[group] + sum(counters.group(counts, group).values()) == 500
    for ticket in reversed(tickets):
        counts = name_counts.changed(counts, counters.difference({}, name_counts.contribution(ticket)))
    assert counts == {}


def test_about_140_pipelines_fit_into_a_row_and_day() -> None:
    counts: dict[str, int] = {}
    for number in range(300):
        ticket = make_ticket(NOW, pipeline=f"pl_load_{number:04}_orders")
        counts = name_counts.changed(counts, name_counts.contribution(ticket))
    assert 130 <= len(counters.group(counts, "pipeline")) <= 160


def test_a_time_is_told_from_its_bucket_within_5_percent() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({bucket(0): 3}, 0.5) == 0
    for seconds in [*range(1, 5_000), *range(5_000, 40_000_000, 9_973)]:
        told = quantile({bucket(seconds): 1}, 0.5)
        assert told is not None
        assert abs(told - seconds) <= max(0.0489 * seconds + 0.5, 0.5)
