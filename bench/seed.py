"""Fills storage with tickets as weeks of failures would leave them, without a sender: `python -m bench seed 10000`.

Each ticket has gone through the app's own lifecycle, SLA clock and judgements, and is written with its list row, due
row, audit entries and counts in one transaction with others of its shard; so lists, trail and counts agree, also while
the app runs on the same storage. What a ticket quotes is not in the archive.

`rca_core.upkeep.original.writing.store_tickets` writes the same rows. It goes through the SDK, one transaction after
the other: for 600 tickets it took three times as long (9.4 s, here 3.3 s) and 3.5 times the processor time.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError

from bench.batches import Batches
from bench.scenes import SCENES, diagnosed, owner_of, pipeline_of
from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.tickets import counters, rows, sla
from rca_core.tickets.audit import AuditEntry, entry
from rca_core.tickets.feedback import judge
from rca_core.tickets.lifecycle import move
from rca_core.tickets.store import TABLE
from rca_core.tickets.ticket import (
    PRIORITY_OF,
    SLA_SECONDS_OF,
    Report,
    Ticket,
    month_and_day,
    new_ticket_id,
    processing_mode,
    sla_due,
)

DAYS = 30
_PEOPLE = ("ann@example.com", "tom@example.com", "mia@example.com", "kim@example.com")
_MOST_OPERATIONS = 100
_WRITERS = 4
_TABLE_PORT = int(os.environ.get("AZURITE_TABLE_PORT") or 10002)

Change = Callable[[Ticket], tuple[Ticket, AuditEntry] | None]
Story = tuple[Ticket, list[AuditEntry]]


def seed(connection_string: str, count: int, *, until: datetime | None = None, random_seed: int = 1) -> float:
    """Writes so many tickets of the 30 days before `until` (now); the same at each call but for their ids. Returns the
    seconds it took.
    """
    begun = time.monotonic()
    until, random = until or clock.now(), Random(random_seed)
    groups: dict[tuple[str, str], list[Story]] = defaultdict(list)
    for _ in range(count):
        story = _story(random, until)
        groups[month_and_day(story[0].id)[0], counters.row_key(story[0].id)].append(story)
    batches = Batches(connection_string, TABLE)
    for month in {month for month, _ in groups}:
        batches.client.upsert_entity({"PartitionKey": "months", "RowKey": month})
    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(lambda group: _write(batches, *group, groups[group]), groups))
    return time.monotonic() - begun


def command(arguments: list[str]) -> None:
    """`seed COUNT`: the storage is the one that AzureWebJobsStorage names, or that of `make run`."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        sys.exit("Say how many tickets: python -m bench seed 10000")
    known = os.environ.get("AzureWebJobsStorage") or Azurite(table_port=_TABLE_PORT).connection_string  # noqa: SIM112
    if "AccountKey=" not in known:
        sys.exit("AzureWebJobsStorage must be a connection string with the account's key, which signs the requests.")
    count = int(arguments[0])
    print(f"{count:,} tickets in {seed(known, count):.1f} s")


def _story(random: Random, until: datetime) -> Story:
    """A ticket as it stands at `until`, and how it came to that."""
    at = until - timedelta(seconds=random.uniform(0, DAYS * 86_400))
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    ticket = _new_ticket(random, at)
    trail = [entry(ticket.id, "Ticket Created", user="assistant", origin=ticket.processing_mode, at=at, new="open")]
    for moment, change in _plan(random, ticket, at):
        changed = change(ticket) if moment < until else None
        if changed:
            ticket = changed[0]
            trail.append(changed[1])
    return ticket, trail


def _plan(random: Random, ticket: Ticket, at: datetime) -> list[tuple[datetime, Change]]:
    """What happens to a ticket and when: most are acknowledged, half of these in time to spare, some never."""

    def moved(status: Any, user: str, moment: datetime, note: str = "") -> tuple[datetime, Change]:
        return moment, lambda one: move(one, status, user=user, origin="PATCH /api/tickets", note=note, at=moment)

    def passed(moment: datetime) -> tuple[datetime, Change]:
        return moment, lambda one: sla.passed(one, moment)

    user = random.choice(_PEOPLE)
    minute = timedelta(minutes=1)
    plan = [passed(clock.from_iso(sla.warn_at(ticket)) + minute), passed(clock.from_iso(ticket.sla_due) + minute)]
    resolved = at + timedelta(seconds=ticket.sla_seconds * random.lognormvariate(-0.7, 0.9))
    if random.random() < 0.6:
        plan.append(moved("in_progress", user, at + (resolved - at) * 0.4))
    if random.random() < 0.9:
        note = random.choice(("", "Rerun succeeded.", "Firewall rule added, rerun succeeded."))
        plan.append(moved("acknowledged", user, resolved, note))
        if random.random() < 0.3:
            said = random.choices(("right", "partly", "wrong"), weights=(6, 2, 1))[0]
            judged = resolved + minute
            plan.append((judged, lambda one: judge(one, said, user=user, origin="seed", note="", at=judged)))
    return sorted(plan, key=lambda each: each[0])


def _new_ticket(random: Random, at: datetime) -> Ticket:
    scene = random.choice(SCENES)
    pipeline = pipeline_of(scene.source, random)
    case, diagnosis, severity, severity_reason = diagnosed(scene, pipeline)
    engine = random.choices(("gemini", "rules", "recall"), weights=(5, 3, 2))[0]
    diagnosis = msgspec.structs.replace(diagnosis, engine=engine, engine_reason="seeded")
    owner, run, stamp = owner_of(pipeline), str(uuid.UUID(int=random.getrandbits(128))), clock.to_iso(at)
    return Ticket(
        id=new_ticket_id(scene.source, at),
        timestamp=stamp,
        source=scene.source,
        processing_mode=processing_mode(scene.source),
        title=case.failure.title,
        pipeline=pipeline,
        run_id=run,
        run_hash=f"{random.getrandbits(256):064x}",
        message=scene.message,
        rca_result=diagnosis.cause,
        recommendations=list(diagnosis.recommendations),
        confidence=diagnosis.confidence,
        severity=severity,
        severity_reason=severity_reason,
        priority=PRIORITY_OF[severity],
        error_type=diagnosis.category,
        error_code=scene.error_code,
        retryable=diagnosis.retryable,
        affected_entity=case.failure.entity,
        sla_seconds=SLA_SECONDS_OF[severity],
        sla_due=sla_due(stamp, SLA_SECONDS_OF[severity]),
        labels=case.failure.labels,
        runs=[run],
        reports=[Report("seeded", stamp, case.failure.title, scene.message, scene.error_code, {}, "")],
        report_keys=["seeded"],
        diagnosis=diagnosis,
        fingerprint=case.fingerprint(),
        finops_team=owner.team,
        finops_owner=owner.owner,
        finops_cost_center=owner.cost_center,
        itsm_ticket_id=f"OPS-{random.randrange(1, 100_000)}",
    )


def _write(batches: Batches, month: str, shard: str, stories: list[Story]) -> None:
    """Writes the tickets of one row of counts, together with what they add to it."""
    key = {"PartitionKey": month, "RowKey": shard}
    for some in _fitting(stories):
        entities = [entity for story in some for entity in _entities(*story)]
        written = False
        while not written:
            try:
                row = batches.client.get_entity(month, shard)
            except ResourceNotFoundError:
                written = batches.create([*entities, {**key, **_counted({}, some)}])
            else:
                merge = batches.merge({**key, **_counted(row, some)}, row.metadata["etag"])
                written = batches.create(entities, then=merge)


def _fitting(stories: list[Story]) -> Iterator[list[Story]]:
    """As many tickets at a time as fit into a transaction beside the row of counts."""
    batch: list[Story] = []
    size = 1
    for story in stories:
        more = sum(1 for _ in _entities(*story))
        if size + more > _MOST_OPERATIONS:
            yield batch
            batch, size = [], 1
        batch.append(story)
        size += more
    yield batch


def _entities(ticket: Ticket, trail: list[AuditEntry]) -> Iterator[dict[str, Any]]:
    yield rows.ticket_entity(ticket)
    yield rows.list_entity(ticket)
    if (due := rows.due_row(ticket)) is not None:
        yield due.entity
    for each in trail:
        yield from rows.entities_of(each)


def _counted(row: Any, batch: list[Story]) -> dict[str, str]:
    changed: dict[str, str] = {}
    for ticket, trail in batch:
        change = counters.change_of(None, ticket, audits=len(trail))
        changed |= counters.changed({**row, **changed}, month_and_day(ticket.id)[1], change)
    return changed
