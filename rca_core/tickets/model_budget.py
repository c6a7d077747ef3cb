"""What the model may cost a day, and when it is left alone: shared by all instances, in table `counters`.

A call is reserved before it is made, with the tokens it may need, and settled after: a process that dies in between
has spent its reservation, so the budget errs to the safe side. After some failures in a row the circuit breaker opens;
when its time is over one call is let through to see whether the model is back.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from azure.data.tables import EdmType as Edm
from azure.data.tables import EntityProperty, UpdateMode

from rca_core.foundation import clock, logs
from rca_core.foundation.errors import TransientError
from rca_core.foundation.settings import GeminiSettings
from rca_core.foundation.storage import Storage

TABLE = "counters"

_PARTITION = "model"
_BREAKER = "breaker"
_FAILURES_TO_OPEN = 5
_OPEN_SECONDS = 300
_LONGEST_OPEN_SECONDS = 3_600
_PROBE_SECONDS = 90
_ATTEMPTS = 50


class NotAllowed(Exception):
    """The model must not be asked now; `why` says it in words for the ticket."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Spent(msgspec.Struct, frozen=True):
    """What was spent on a day (UTC), reservations included."""

    calls: int = 0
    tokens: int = 0


class Reservation(msgspec.Struct, frozen=True):
    """A call that may be made. `probing`: it is the one that sees whether the model is back."""

    tokens: int
    probing: bool


class Breaker(msgspec.Struct, frozen=True):
    """Failures in a row, and until when the model is left alone because of them (`""`: it is asked)."""

    failures: int = 0
    open_until: str = ""
    reason: str = ""


class ModelBudget:
    """The day's budget and the circuit breaker of one model."""

    def __init__(self, storage: Storage, settings: GeminiSettings) -> None:
        self._storage = storage
        self._settings = settings

    def reserve(self, tokens: int) -> Reservation:
        """Takes one call and so many tokens out of the day's budget; raises NotAllowed with the reason."""
        probing = False
        for _ in range(_ATTEMPTS):
            now = clock.now()
            day, spent, breaker, etags = self._read(now)
            if breaker.open_until > clock.to_iso(now) and not probing:
                raise NotAllowed(f"the model is left alone until {breaker.open_until}: {breaker.reason}")
            self._check(spent)
            if breaker.open_until and not probing:
                trying = msgspec.structs.replace(breaker, open_until=_after(now, _PROBE_SECONDS))
                probing = self._write(_BREAKER, trying, etags[_BREAKER])
                continue
            if self._write(day, Spent(spent.calls + 1, spent.tokens + tokens), etags.get(day)):
                return Reservation(tokens, probing)
        raise TransientError("Too many writers at the model's budget at once.")

    def settle(self, reservation: Reservation, used: int) -> None:
        """Corrects the reservation by what the call used. The model answered, so failures are counted anew; a pause
        that began meanwhile stands, unless this call was to see whether it is over.
        """
        self._correct(used - reservation.tokens)
        self._note(
            lambda breaker, now: (
                breaker if breaker.open_until > clock.to_iso(now) and not reservation.probing else Breaker()
            )
        )

    def failed(
        self, reservation: Reservation, used: int, reason: str, *, pause_seconds: int | None, serious: bool
    ) -> None:
        """Corrects the reservation and counts a failure. The breaker opens after some in a row, at once if it is
        `serious` (the key is refused, the model is gone) or the model asked for a pause; a pause is never cut short.
        """
        self._correct(used - reservation.tokens)

        def counted(breaker: Breaker, now: datetime) -> Breaker:
            failures = breaker.failures + 1
            seconds = pause_seconds or 0
            if serious or failures >= _FAILURES_TO_OPEN:
                doubled = _OPEN_SECONDS * 2 ** min(max(0, failures - _FAILURES_TO_OPEN), 10)
                seconds = max(seconds, min(doubled, _LONGEST_OPEN_SECONDS))
            until = _after(now, seconds) if seconds else ""
            return Breaker(failures, max(until, breaker.open_until), reason[:500])

        self._note(counted)

    def state(self) -> tuple[Spent, Breaker]:
        """What was spent today, and the breaker."""
        _, spent, breaker, _ = self._read(clock.now())
        return spent, breaker

    def _check(self, spent: Spent) -> None:
        limits = self._settings
        if spent.calls >= limits.daily_calls:
            raise NotAllowed(f"the day's budget of {limits.daily_calls:,} calls to the model is spent")
        if spent.tokens >= limits.daily_tokens:
            raise NotAllowed(f"the day's budget of {limits.daily_tokens:,} tokens is spent")

    def _correct(self, tokens: int) -> None:
        for _ in range(_ATTEMPTS):
            day, spent, _, etags = self._read(clock.now())
            # A call that began before midnight and ended after it is corrected on the new day: never below zero.
            new = Spent(spent.calls, max(0, spent.tokens + tokens))
            if new == spent or self._write(day, new, etags.get(day)):
                return
        logs.warning("model-budget-not-settled", tokens=tokens)

    def _note(self, change: Any) -> None:
        for _ in range(_ATTEMPTS):
            now = clock.now()
            _, _, breaker, etags = self._read(now)
            new = change(breaker, now)
            if new == breaker or self._write(_BREAKER, new, etags.get(_BREAKER)):
                return
        logs.warning("model-breaker-not-noted")

    def _read(self, now: datetime) -> tuple[str, Spent, Breaker, dict[str, str]]:
        """Both rows in one request: `2026-11-24` sorts before `breaker`."""
        day = f"{now:%Y-%m-%d}"
        found = self._storage.table(TABLE).query_entities(
            "PartitionKey eq @partition and RowKey ge @day", parameters={"partition": _PARTITION, "day": day}
        )
        rows = {row["RowKey"]: row for row in found}
        etags = {name: str(row.metadata["etag"]) for name, row in rows.items()}
        return day, _struct(rows.get(day), Spent), _struct(rows.get(_BREAKER), Breaker), etags

    def _write(self, row: str, values: Spent | Breaker, etag: str | None) -> bool:
        table = self._storage.table(TABLE)
        entity: dict[str, Any] = {"PartitionKey": _PARTITION, "RowKey": row}
        for name, value in msgspec.structs.asdict(values).items():
            entity[name] = EntityProperty(value, Edm.INT64) if isinstance(value, int) else value
        try:
            if etag is None:
                table.create_entity(entity)
            else:
                table.update_entity(
                    entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError):
            return False
        return True


def _struct(row: Any, kind: type[Any]) -> Any:
    if row is None:
        return kind()
    return kind(**{name: getattr(row[name], "value", row[name]) for name in kind.__struct_fields__ if name in row})


def _after(now: datetime, seconds: int) -> str:
    return clock.to_iso(now + timedelta(seconds=seconds))
