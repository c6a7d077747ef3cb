"""Times counted in buckets, so that medians need no list of them. Each bucket ends 10 % above where it begins.

What is told of a bucket is the geometric middle of its ends, so it is off by at most the square root of 1.1, less 1:
4.9 %, and half a second by rounding.
"""

import math
from collections.abc import Mapping

_GROWTH = 1.1


def bucket(seconds: int) -> int:
    """The number of the bucket that counts so many seconds: 0 for none, about 150 for a month."""
    # The logarithm of a bound may come out a hair below it.
    return 1 + int(math.log(seconds) / math.log(_GROWTH) + 1e-9) if seconds > 0 else 0


def quantile(counts: Mapping[int, int], share: float) -> int | None:
    """The seconds that at least `share` of all do not exceed (nearest rank), from how many are in each bucket; None if
    there are none.
    """
    rank = max(1, math.ceil(share * sum(counts.values())))
    for number, count in sorted(counts.items()):
        rank -= count
        if rank <= 0:
            return _middle(number)
    return None


def _middle(number: int) -> int:
    return round(_GROWTH ** (number - 0.5)) if number else 0
