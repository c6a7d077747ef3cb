"""How large the tests are that show by number: small enough to be run with each change, or whole (`make test-full`)."""

import os

_FULL = os.environ.get("FULL_SIZE") == "1"


def sized(full: int, usual: int) -> int:
    """`full` where the environment has FULL_SIZE=1, else `usual`."""
    return full if _FULL else usual
