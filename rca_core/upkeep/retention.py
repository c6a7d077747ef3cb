"""Each night: removes what was kept long enough (settings `RETENTION_*_DAYS`; docs/upkeep.md).

A run ends before the platform would end it; what is left then goes with the next. Whatever line it dies on, the next
run finds tickets whole or gone, and clears away what belonged to one that is gone. Each step stands for itself: trouble
in one is logged, and raised once the others are done.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from rca_core.foundation import clock, logs
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.upkeep import log_removal, spent_rows, ticket_removal
from rca_core.upkeep.audit_removal import remove_entries

LONGEST_SECONDS = 420.0
"""Well under `functionTimeout` in host.json: what was begun is finished after it."""

_AT_ONCE = 8
_PAGE = 200


class Removed(msgspec.Struct, kw_only=True):
    """How much a run removed; `complete` says that it went through everything."""

    tickets: int = 0
    cleared: int = 0
    audit: int = 0
    logs: int = 0
    bodies: int = 0
    spent: dict[str, int] = {}
    complete: bool = True


def run(
    storage: Storage,
    store: TicketStore,
    settings: Settings,
    now: datetime | None = None,
    longest_seconds: float = LONGEST_SECONDS,
) -> Removed:
    """Removes what is due by now, and writes one log line about it."""
    at = now or clock.now()
    end = time.monotonic() + longest_seconds
    keep, removed = settings.retention, Removed()

    def go_on() -> bool:
        removed.complete = time.monotonic() < end
        return removed.complete

    def ago(days: int) -> datetime:
        return at - timedelta(days=days)

    months = sorted(store.months())
    steps: dict[str, Callable[[], Any]] = {"cleared": lambda: _clear_away(storage, store, months, go_on)}
    if keep.tickets:
        steps["tickets"] = lambda: _remove_tickets(storage, store, months, ago(keep.tickets), go_on)
    if keep.audit:
        steps["audit"] = lambda: _remove_entries(storage, store, _turned(months, at), ago(keep.audit), go_on)
    if keep.logs:
        steps["logs"] = lambda: log_removal.remove_logs(storage, store, ago(keep.logs), go_on)
    steps["bodies"] = lambda: log_removal.remove_unclaimed(storage, ago(spent_rows.UNCLAIMED_BODY_DAYS))
    steps["spent"] = lambda: spent_rows.remove_spent(storage, settings.access, at, go_on)
    troubles = _take(steps, removed)
    removed.complete = removed.complete and not troubles
    logs.info("retention", **{**msgspec.structs.asdict(removed), "spent": None, **removed.spent})
    if troubles:
        raise troubles[0]
    return removed


def _take(steps: dict[str, Callable[[], Any]], removed: Removed) -> list[Exception]:
    """Takes the steps and notes what each removed; returns what went wrong."""
    troubles: list[Exception] = []
    for name, step in steps.items():
        try:
            setattr(removed, name, step())
        except Exception as error:  # noqa: BLE001 - one step's trouble must not keep the others waiting, each night
            logs.failure("retention-step-failed", error, step=name)
            troubles.append(error)
    return troubles


def _clear_away(storage: Storage, store: TicketStore, months: list[str], go_on: Callable[[], bool]) -> int:
    """What a run that died has left."""
    cleared = 0
    for month in months:
        for remains in ticket_removal.left_over(store, month):
            if not go_on():
                return cleared
            ticket_removal.clear_away(storage, remains)
            cleared += 1
    return cleared


def _remove_tickets(
    storage: Storage, store: TicketStore, months: list[str], before: datetime, go_on: Callable[[], bool]
) -> int:
    def removed(ticket_id: str) -> bool:
        return go_on() and ticket_removal.remove(storage, store, ticket_id, before)

    total = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for month in _until(months, before):
            found = ticket_removal.removable(store, month, before)
            while go_on() and (page := list(islice(found, _PAGE))):
                total += sum(pool.map(removed, page))
    return total


def _remove_entries(
    storage: Storage, store: TicketStore, months: list[str], before: datetime, go_on: Callable[[], bool]
) -> int:
    total = 0
    for month in _until(months, before):
        if not go_on():
            break
        total += remove_entries(storage, store, month, before, go_on)
    return total


def _turned(months: list[str], at: datetime) -> list[str]:
    """The months from another one on each hour: those that only take time, as all their entries stay, must not keep
    the others waiting for ever.
    """
    first = int(at.timestamp() // 3_600) % max(1, len(months))
    return [*months[first:], *months[:first]]


def _until(months: list[str], moment: datetime) -> list[str]:
    """The months that began before then."""
    return [month for month in months if month <= f"{moment:%Y-%m}"]
