"""How many calls a sender may make: a bucket of a minute's calls for each sender, in the memory of each process.

So a sender that went mad costs no storage requests; on several instances it has the limit several times.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import NamedTuple

_MINUTE = 60.0
_MOST_SENDERS = 5_000


class Verdict(NamedTuple):
    """Whether a call may go on; if not, when to come again, and whether this refusal is the first of its minute."""

    allowed: bool
    retry_after_seconds: int = 0
    first: bool = False


class _Bucket:
    def __init__(self, calls: float, now: float) -> None:
        self.calls = calls
        self.at = now
        self.noticed = now - _MINUTE


class RateLimit:
    """Counts the calls of each sender. `seconds` is a clock that never goes back."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, sender: str, per_minute: int) -> Verdict:
        """Counts one call; a limit of 0 lets everything pass."""
        if not per_minute:
            return Verdict(True)
        with self._lock:
            now = self._seconds()
            bucket = self._bucket(sender, per_minute, now)
            bucket.calls = min(float(per_minute), bucket.calls + (now - bucket.at) * per_minute / _MINUTE)
            bucket.at = now
            if bucket.calls >= 1:
                bucket.calls -= 1
                return Verdict(True)
            first = now - bucket.noticed >= _MINUTE
            if first:
                bucket.noticed = now
            return Verdict(False, max(1, ceil((1 - bucket.calls) * _MINUTE / per_minute)), first)

    def _bucket(self, sender: str, per_minute: int, now: float) -> _Bucket:
        bucket = self._buckets.get(sender)
        if bucket is None:
            bucket = self._buckets[sender] = _Bucket(float(per_minute), now)
            # Whoever was not heard of for the longest time has a full bucket anyway.
            if len(self._buckets) > _MOST_SENDERS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(sender)
        return bucket
